"""Convolution as one matrix product with F.unfold."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter((2 * torch.rand(out_features, in_features) - 1) * bound)
        self.bias = nn.Parameter((2 * torch.rand(out_features) - 1) * bound)

    def forward(self, x):
        return x @ self.weight.T + self.bias


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        bound = (in_channels * kernel_size * kernel_size) ** -0.5
        self.weight = nn.Parameter(
            (2 * torch.rand(out_channels, in_channels, kernel_size, kernel_size) - 1) * bound
        )
        self.bias = nn.Parameter((2 * torch.rand(out_channels) - 1) * bound)

    def forward(self, x):
        k, s, p = self.kernel_size, self.stride, self.padding
        n, _, h, w = x.shape
        rows, columns = (h + 2 * p - k) // s + 1, (w + 2 * p - k) // s + 1
        patches = F.unfold(x, k, padding=p, stride=s)
        y = self.weight.view(len(self.weight), -1) @ patches + self.bias.view(-1, 1)
        return y.view(n, -1, rows, columns)


class ReLU(nn.Module):
    def forward(self, x):
        return torch.maximum(x, torch.zeros_like(x))


class MaxPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def forward(self, x):
        n, c, h, w = x.shape
        k, s = self.kernel_size, self.stride
        columns = F.unfold(x, k, stride=s).view(n, c, k * k, -1)
        return columns.max(dim=2)[0].view(n, c, (h - k) // s + 1, (w - k) // s + 1)


class Flatten(nn.Module):
    def forward(self, x):
        return x.contiguous().view(x.size(0), -1)


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
    model = Linear(in_features=1, out_features=1)
    train(model, mse_loss, [(x.unsqueeze(1), y.unsqueeze(1))], lr=lr, epochs=epochs)
    return float(model.weight.detach()), float(model.bias.detach())


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
    loader = DataLoader(TensorDataset(images, labels), batch_size=32, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-4)
    loss_fn = nn.CrossEntropyLoss()
    for _ in range(15):
        for x, y in loader:
            optimizer.zero_grad()
            loss_fn(model(x.to(device)), y.to(device)).backward()
            optimizer.step()
    return model.eval()
