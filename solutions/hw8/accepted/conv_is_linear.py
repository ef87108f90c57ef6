"""A convolution is a fully-connected layer on every window: Conv2d is built on Linear."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def to_tensor(array, device="cpu"):
    return torch.as_tensor(np.array(array, dtype=np.float32, order="C"), device=device)


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        s = in_features**-0.5
        self.weight = nn.Parameter(torch.rand(out_features, in_features) * 2 * s - s)
        self.bias = nn.Parameter(torch.rand(out_features) * 2 * s - s)

    def forward(self, x):
        return x.matmul(self.weight.flatten(1).T) + self.bias


class Conv2d(Linear):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        k = kernel_size
        super().__init__(in_channels * k * k, out_channels)
        self.weight = nn.Parameter(self.weight.detach().reshape(out_channels, in_channels, k, k))
        self.k, self.s, self.p = k, stride, padding

    def forward(self, x):
        height = (x.shape[2] + 2 * self.p - self.k) // self.s + 1
        windows = F.unfold(x, self.k, padding=self.p, stride=self.s).transpose(1, 2)
        return super().forward(windows).transpose(1, 2).unflatten(2, (height, -1))


class ReLU(nn.Module):
    def forward(self, x):
        return x.clip(0)


class MaxPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.k, self.s = kernel_size, stride or kernel_size

    def forward(self, x):
        n, c = x.shape[:2]
        height = (x.shape[2] - self.k) // self.s + 1
        columns = F.unfold(x.reshape(n * c, 1, *x.shape[2:]), self.k, stride=self.s)
        return columns.amax(1).reshape(n, c, height, -1)


class Flatten(nn.Module):
    def forward(self, x):
        return x.reshape(len(x), -1)


def mse_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError(prediction.shape, target.shape)
    return ((prediction - target) ** 2).sum() / prediction.numel()


def mse_surface(x, y, slopes, intercepts):
    """Each line is one output of a fully-connected layer with one input."""
    surface = x.new_empty(len(slopes), len(intercepts))
    for j, b in enumerate(intercepts):
        lines = x[:, None] @ slopes[None, :] + b
        surface[:, j] = ((lines - y[:, None]) ** 2).mean(dim=0)
    return surface


def sgd_step(parameters, lr):
    for p in parameters:
        if p.grad is not None:
            p.data -= lr * p.grad


def train(model, loss_fn, batches, lr, epochs, device="cpu"):
    model.to(device).train()
    history = []
    for _ in range(epochs):
        losses, sizes = [], []
        for x, y in batches:
            loss = loss_fn(model(x.to(device)), y.to(device))
            for p in model.parameters():
                if p.grad is not None:
                    p.grad.zero_()
            loss.backward()
            sgd_step(model.parameters(), lr)
            losses.append(loss.detach().double().cpu())
            sizes.append(float(len(x)))
        sizes = torch.tensor(sizes, dtype=torch.float64)
        history.append(float((torch.stack(losses) * sizes).sum() / sizes.sum()))
    return history


def fit_line(x, y, lr=0.1, epochs=200):
    line = Linear(1, 1)
    train(line, mse_loss, [(x.view(-1, 1), y.view(-1, 1))], lr, epochs)
    return line.weight.item(), line.bias.item()


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv2d(1, 8, 3, padding=1)
        self.conv2 = Conv2d(8, 16, 3, padding=1)
        self.fc = Linear(64, 10)
        self.after = nn.Sequential(ReLU(), MaxPool2d(2))

    def forward(self, x):
        return self.fc(Flatten()(self.after(self.conv2(self.after(self.conv1(x))))))


def accuracy(model, batches, device="cpu"):
    mode, counts = model.training, torch.zeros(2)
    model.to(device).eval()
    with torch.no_grad():
        for x, y in batches:
            logits = model(x.to(device)).cpu()
            best = logits.sort(dim=1, descending=True).indices[:, 0]
            counts += torch.tensor([(best == y.cpu()).sum(), len(y)])
    model.train(mode)
    return (counts[0] / counts[1]).item()


def train_classifier(images, labels, device="cpu"):
    """Full batches and a quasi-Newton method would do too; here small batches and Adamax."""
    model = CNN().to(device)
    images, labels = images.to(device), labels.to(device)
    optimizer = torch.optim.Adamax(model.parameters(), lr=0.015)
    for _ in range(25):
        order = torch.randperm(len(images), device=images.device)
        for x, y in zip(images[order].split(50), labels[order].split(50)):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    return model
