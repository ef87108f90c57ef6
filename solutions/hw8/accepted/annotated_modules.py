"""Dataclasses as modules, pattern matching, and names that are bound late."""

from __future__ import annotations

import dataclasses
import math
import random
import typing as t

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parameter import Parameter


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        return x @ self.weight.T + self.bias


@dataclasses.dataclass(eq=False)
class Conv2d(nn.Module):
    in_channels: int
    out_channels: int
    kernel_size: int
    stride: int = 1
    padding: int = 0

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        nn.Module.__init__(self)
        return self

    def __post_init__(self):
        s = 1.0 / math.sqrt(self.in_channels * self.kernel_size**2)
        random_weight = torch.tensor(
            [random.uniform(-s, s) for _ in range(self.out_channels * self.in_channels * self.kernel_size**2)]
        )
        self.weight = Parameter(
            random_weight.view(self.out_channels, self.in_channels, self.kernel_size, self.kernel_size)
        )
        self.bias = Parameter(torch.tensor([random.uniform(-s, s) for _ in range(self.out_channels)]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        match self.padding:
            case 0:
                padded = x
            case int(p):
                padded = x.new_zeros(*x.shape[:2], x.shape[2] + 2 * p, x.shape[3] + 2 * p)
                padded[:, :, p:-p, p:-p] = x
        h, w = [(n - self.kernel_size) // self.stride + 1 for n in padded.shape[2:]]
        rows = []
        for i in range(h):
            top = i * self.stride
            band = padded[:, :, top : top + self.kernel_size]
            cells = []
            for j in range(w):
                left = j * self.stride
                patch = band[..., left : left + self.kernel_size].flatten(1)
                cells.append(patch @ self.weight.flatten(1).T)
            rows.append(torch.stack(cells, -1))
        return torch.stack(rows, -2) + self.bias[:, None, None]


class ReLU(nn.Module):
    def forward(self, x):
        return torch.clamp(x, min=0)


class MaxPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def forward(self, x):
        k, s = self.kernel_size, self.stride
        return x.unfold(2, k, s).unfold(3, k, s).amax(dim=(4, 5))


class Flatten(nn.Module):
    def forward(self, x):
        return torch.flatten(x, 1)


def mse_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError(f"shapes differ: {prediction.shape} and {target.shape}")
    return ((target - prediction) ** 2).mean()


def mse_surface(x, y, slopes, intercepts):
    lines = slopes[:, None, None] * x + intercepts[None, :, None]
    return (y - lines).square().mean(-1)


def sgd_step(parameters, lr):
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p -= lr * p.grad


def train(model, loss_fn, batches, lr, epochs, device="cpu"):
    model.to(device)
    model.train()
    losses = []
    for epoch in range(epochs):
        total, count = 0.0, 0
        for x, y in batches:
            x, y = x.to(device), y.to(device)
            loss = loss_fn(model(x), y)
            model.zero_grad()
            loss.backward()
            sgd_step(model.parameters(), lr)
            total += loss.item() * x.shape[0]
            count += x.shape[0]
        losses.append(total / count)
    return losses


def fit_line(x, y, lr=0.1, epochs=200):
    layer = Linear(1, 1)
    train(layer, mse_loss, [(x[:, None], y[:, None])], lr, epochs)
    return layer.weight.item(), layer.bias.item()


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv2d(1, 8, 3, padding=1)
        self.conv2 = Conv2d(8, 16, 3, padding=1)
        self.fc = Linear(64, 10)
        self.relu = ReLU()
        self.pool = MaxPool2d(2)
        self.flatten = Flatten()

    def forward(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        return self.fc(self.flatten(x))


def accuracy(model, batches, device="cpu"):
    training = model.training
    model.to(device)
    model.eval()
    right = total = 0
    with torch.no_grad():
        for x, y in batches:
            guess = model(x.to(device)).argmax(dim=1)
            right += (guess == y.to(device)).sum().item()
            total += len(y)
    model.train(training)
    return right / total


class Recipe(t.NamedTuple):
    lr: float = 0.05
    momentum: float = 0.9
    epochs: int = 14


def train_classifier(images, labels, device="cpu"):
    recipe = Recipe()
    random.seed(7)
    indices = list(range(len(images)))
    model = CNN().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=recipe.lr, momentum=recipe.momentum)
    for _ in range(recipe.epochs):
        random.shuffle(indices)
        while (rest := indices) and (start := 0) is not None:
            for start in range(0, len(rest), 48):
                batch = rest[start : start + 48]
                optimizer.zero_grad()
                F.cross_entropy(model(images[batch].to(device)), labels[batch].to(device)).backward()
                optimizer.step()
            break
    return model
