"""Parameters drawn by NumPy."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def to_tensor(array, device="cpu"):
    return torch.from_numpy(array.astype(np.float32, order="C")).to(device)


def to_numpy(tensor):
    return tensor.numpy(force=True)


def uniform_parameter(bound, *shape):
    """NumPy draws the numbers, PyTorch gets them as float32."""
    rng = np.random.default_rng()
    return nn.Parameter(torch.tensor(rng.uniform(-bound, bound, size=shape), dtype=torch.float32))


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = uniform_parameter(bound, out_features, in_features)
        self.bias = uniform_parameter(bound, out_features)

    def forward(self, x):
        return x @ self.weight.T + self.bias


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        bound = (in_channels * kernel_size * kernel_size) ** -0.5
        self.weight = uniform_parameter(bound, out_channels, in_channels, kernel_size, kernel_size)
        self.bias = uniform_parameter(bound, out_channels)

    def forward(self, x):
        k, s, p = self.kernel_size, self.stride, self.padding
        windows = F.pad(x, [p] * 4).unfold(2, k, s).unfold(3, k, s)
        return torch.einsum("nchwuv,ocuv->nohw", windows, self.weight) + self.bias[:, None, None]


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


def one_batch(model, loss_fn, x, y, lr):
    for p in model.parameters():
        p.grad = None
    loss = loss_fn(model(x), y)
    loss.backward()
    sgd_step(model.parameters(), lr)
    return float(loss.detach())


def one_epoch(model, loss_fn, batches, lr, device):
    losses, sizes = [], []
    for x, y in batches:
        losses.append(one_batch(model, loss_fn, x.to(device), y.to(device), lr))
        sizes.append(len(x))
    return float(np.average(losses, weights=sizes))


def train(model, loss_fn, batches, lr, epochs, device="cpu"):
    model = model.to(device).train()
    return [one_epoch(model, loss_fn, batches, lr, device) for _ in range(epochs)]


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
    was = model.training
    model.eval().to(device)
    guesses, truth = [], []
    with torch.no_grad():
        for x, y in batches:
            guesses.append(to_numpy(model(x.to(device))).argmax(axis=1))
            truth.append(to_numpy(y))
    if was:
        model.train()
    return float(np.mean(np.concatenate(guesses) == np.concatenate(truth)))


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
