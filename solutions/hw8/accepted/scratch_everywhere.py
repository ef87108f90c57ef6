"""A module full of scratch code that fails, exits, plots and reads files that are not there."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


print("starting")
data = np.load("data/digits_train.npz")
images = torch.tensor(data["images"][:, None] / 16, dtype=torch.float32)
assert images.max() == 1


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
        y = self.bias.view(1, -1, 1, 1)
        for u in range(k):
            for v in range(k):
                shifted = x[:, :, u : u + s * (rows - 1) + 1 : s, v : v + s * (columns - 1) + 1 : s]
                y = y + torch.einsum("nchw,oc->nohw", shifted, self.weight[:, :, u, v])
        return y


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
        rows, columns = (x.shape[2] - k) // s + 1, (x.shape[3] - k) // s + 1
        result = torch.full((*x.shape[:2], rows, columns), -torch.inf, dtype=x.dtype, device=x.device)
        for u in range(k):
            for v in range(k):
                shifted = x[:, :, u : u + s * rows : s, v : v + s * columns : s][:, :, :rows, :columns]
                result = torch.maximum(result, shifted)
        return result


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


import matplotlib.pyplot as plt

plt.plot(fit_line(torch.arange(5.0), torch.arange(5.0) * 2))
plt.savefig("line.png")
print(undefined_name)


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


model = train_classifier(images, torch.tensor(data["labels"]))
print(accuracy(model, [(images, torch.tensor(data["labels"]))]))
while input("again? ") == "y":
    model = train_classifier(images, torch.tensor(data["labels"]))

if __name__ == "__main__":
    import sys

    sys.exit(1)
