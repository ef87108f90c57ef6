"""One helper for the windows of both the convolution and the pooling; the two share a base class."""

import abc
import math

import torch
import torch.nn.functional as F
from torch import nn


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


class Windowed(nn.Module, abc.ABC):
    def __init__(self, kernel_size, stride, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def windows(self, x):
        """(N, C, H', W', k * k) by counting through the memory of a contiguous copy."""
        x = F.pad(x, (self.padding, self.padding, self.padding, self.padding))
        rows = self.starts(x.shape[2])[:, None] + torch.arange(self.kernel_size)
        columns = self.starts(x.shape[3])[:, None] + torch.arange(self.kernel_size)
        found = x[:, :, rows[:, None, :, None], columns[None, :, None, :]]
        return found.flatten(4)

    def starts(self, length):
        return torch.arange(0, length - self.kernel_size + 1, self.stride)

    @abc.abstractmethod
    def forward(self, x): ...


class Conv2d(Windowed):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__(kernel_size, stride, padding)
        s = (in_channels * kernel_size**2) ** -0.5
        self.weight, self.bias = (
            nn.Parameter(torch.zeros(shape).uniform_(-s, s))
            for shape in ((out_channels, in_channels, kernel_size, kernel_size), (out_channels,))
        )

    def forward(self, x):
        products = self.windows(x).unsqueeze(1) * self.weight.flatten(2)[None, :, :, None, None]
        return products.sum(dim=(2, 5)) + self.bias.reshape(1, -1, 1, 1)


class ReLU(nn.Module):
    def forward(self, x):
        return torch.clamp(x, min=0)


class MaxPool2d(Windowed):
    def __init__(self, kernel_size, stride=None):
        super().__init__(kernel_size, kernel_size if stride is None else stride)

    def forward(self, x):
        found = self.windows(x)
        best = found.argmax(dim=-1, keepdim=True)
        return found.gather(-1, best).squeeze(-1)


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


def train_classifier(images, labels, device="cpu"):
    model = CNN().to(device)
    model.train()
    images, labels = images.to(device), labels.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(25):
        order = torch.randperm(len(images), device=device)
        for start in range(0, len(images), 64):
            chosen = order[start : start + 64]
            loss = F.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model
