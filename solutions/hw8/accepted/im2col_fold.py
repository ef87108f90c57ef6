"""F.unfold out, F.fold back; ReLU by threshold."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


def uniform_parameter(bound, *shape):
    parameter = nn.Parameter(torch.empty(*shape))
    nn.init.uniform_(parameter, -bound, bound)
    return parameter


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = uniform_parameter(bound, out_features, in_features)
        self.bias = uniform_parameter(bound, out_features)

    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        y = torch.addmm(self.bias, rows, self.weight.T)
        return y.reshape(*x.shape[:-1], len(self.bias))


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        bound = (in_channels * kernel_size * kernel_size) ** -0.5
        self.weight = uniform_parameter(bound, out_channels, in_channels, kernel_size, kernel_size)
        self.bias = uniform_parameter(bound, out_channels)

    def forward(self, x):
        k, s, p = self.kernel_size, self.stride, self.padding
        n, _, h, w = x.shape
        rows, columns = (h + 2 * p - k) // s + 1, (w + 2 * p - k) // s + 1
        patches = nn.Unfold(k, padding=p, stride=s)(x).transpose(1, 2)
        y = patches.matmul(self.weight.flatten(1).t()) + self.bias
        return F.fold(y.transpose(1, 2), (rows, columns), 1)


class ReLU(nn.Module):
    def forward(self, x):
        return F.threshold(x, 0.0, 0.0)


class MaxPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def forward(self, x):
        windows = x.unfold(2, self.kernel_size, self.stride).unfold(3, self.kernel_size, self.stride)
        return windows.flatten(4).max(dim=-1).values


class Flatten(nn.Module):
    def forward(self, x):
        return torch.flatten(x, 1)


def mse_loss(prediction, target):
    if prediction.size() != target.size():
        raise ValueError("prediction and target must have the same shape")
    difference = prediction - target
    return difference.pow(2).sum() / difference.numel()


def mse_surface(x, y, slopes, intercepts):
    lines = slopes[:, None, None] * x + intercepts[None, :, None]
    return (y - lines).square().mean(-1)


def sgd_step(parameters, lr):
    with torch.no_grad():
        for p in filter(lambda q: q.grad is not None, parameters):
            p.add_(p.grad, alpha=-lr)


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
    """Plain gradient descent with `train`, on batches that are drawn once."""
    order = torch.randperm(len(images))
    batches = list(zip(images[order].split(25), labels[order].split(25)))
    model = CNN()
    train(model, F.cross_entropy, batches, 0.15, 20, device=device)
    train(model, F.cross_entropy, batches, 0.02, 4, device=device)
    return model
