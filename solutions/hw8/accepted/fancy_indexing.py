"""Windows by index arithmetic."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def to_tensor(array, device="cpu"):
    result = torch.empty(array.shape, dtype=torch.float32)
    result.numpy()[...] = array
    return result.to(torch.device(device))


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


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        bound = (in_channels * kernel_size * kernel_size) ** -0.5
        self.weight = nn.Parameter(
            torch.empty(out_channels, in_channels, kernel_size, kernel_size).uniform_(-bound, bound)
        )
        self.bias = nn.Parameter(torch.empty(out_channels).uniform_(-bound, bound))

    def forward(self, x):
        k, s, p = self.kernel_size, self.stride, self.padding
        n, _, h, w = x.shape
        rows, columns = (h + 2 * p - k) // s + 1, (w + 2 * p - k) // s + 1
        x = F.pad(x, (p, p, p, p))
        offset = torch.arange(k, device=x.device)
        down = (torch.arange(rows, device=x.device) * s)[:, None] + offset
        right = (torch.arange(columns, device=x.device) * s)[:, None] + offset
        windows = x[:, :, down[:, None, :, None], right[None, :, None, :]]
        return torch.einsum("nchwuv,ocuv->nohw", windows, self.weight) + self.bias.view(-1, 1, 1)


class ReLU(nn.Module):
    def forward(self, x):
        return torch.clamp(x, min=0)


class MaxPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def forward(self, x):
        n, c, h, w = x.shape
        k, s = self.kernel_size, self.stride
        if k != s:
            return x.unfold(2, k, s).unfold(3, k, s).amax((-1, -2))
        cropped = x[:, :, : h // k * k, : w // k * k]
        return cropped.reshape(n, c, h // k, k, w // k, k).amax(dim=(3, 5))


class Flatten(nn.Module):
    def forward(self, x):
        return torch.flatten(x, 1)


def mse_loss(prediction, target):
    if tuple(prediction.shape) != tuple(target.shape):
        raise ValueError("mse_loss: different shapes")
    error = (target - prediction).flatten()
    return torch.dot(error, error) / len(error)


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
    column, goal = x.reshape(-1, 1), y.reshape(-1, 1)
    for _ in range(epochs):
        layer.zero_grad()
        mse_loss(layer(column), goal).backward()
        sgd_step(layer.parameters(), lr)
    return layer.weight.detach().item(), layer.bias.detach().item()


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
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    model.to(device)
    correct, n = 0, 0
    with torch.inference_mode():
        for images, labels in batches:
            _, guesses = torch.max(model(images.to(device)), 1)
            correct += int(torch.eq(guesses, labels.to(device)).sum())
            n += labels.size(0)
    for module, mode in modes:
        module.training = mode
    return correct / n


def train_classifier(images, labels, device="cpu"):
    torch.manual_seed(0)
    model = CNN().to(device)
    images, labels = images.to(device), labels.to(device)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
    for _ in range(25):
        for chosen in np.array_split(np.random.permutation(len(images)), max(1, len(images) // 40)):
            chosen = torch.from_numpy(chosen).to(device)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
    return model
