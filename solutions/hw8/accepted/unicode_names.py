"""Names from the formulas: η, θ, Δ, and a comment auf Deutsch."""

from math import sqrt

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn import Module, Parameter

ε = 0.0


def to_tensor(array, device="cpu"):
    return torch.tensor(np.array(array, dtype="f4", order="C"), device=device)


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


def gleichverteilt(n, *form):
    """Gleichverteilt zwischen -1/√n und 1/√n: für kleine Anfangswerte."""
    σ = 1 / sqrt(n)
    return Parameter(torch.empty(form).uniform_(-σ, σ))


class Linear(Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = gleichverteilt(in_features, out_features, in_features)
        self.bias = gleichverteilt(in_features, out_features)

    def forward(self, x):
        A, b = self.weight, self.bias
        return x @ A.T + b


class Conv2d(Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.k, self.s, self.p = kernel_size, stride, padding
        n = in_channels * kernel_size**2
        self.weight = gleichverteilt(n, out_channels, in_channels, kernel_size, kernel_size)
        self.bias = gleichverteilt(n, out_channels)

    def forward(self, x):
        fenster = F.pad(x, [self.p] * 4).unfold(2, self.k, self.s).unfold(3, self.k, self.s)
        y = torch.tensordot(fenster, self.weight, dims=([1, 4, 5], [1, 2, 3]))
        return (y + self.bias).movedim(-1, 1)


class ReLU(Module):
    def forward(self, x):
        return x.maximum(torch.full_like(x, ε))


class MaxPool2d(Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.k, self.s = kernel_size, kernel_size if stride is None else stride

    def forward(self, x):
        return x.unfold(2, self.k, self.s).unfold(3, self.k, self.s).amax((-1, -2))


class Flatten(Module):
    def forward(self, x):
        return x.flatten(1)


def mse_loss(prediction, target):
    ŷ, y = prediction, target
    if ŷ.shape != y.shape:
        raise ValueError("ŷ und y haben verschiedene Formen")
    Δ = y - ŷ
    return (Δ * Δ).mean()


def mse_surface(x, y, slopes, intercepts):
    Δ = y - slopes[:, None, None] * x - intercepts[:, None]
    return (Δ * Δ).mean(-1)


@torch.no_grad()
def sgd_step(parameters, lr):
    η = lr
    for θ in parameters:
        if θ.grad is not None:
            θ -= η * θ.grad


def train(model, loss_fn, batches, lr, epochs, device="cpu"):
    model.to(device).train()
    verlauf = []
    for _ in range(epochs):
        Σ, n = 0.0, 0
        for x, y in batches:
            x, y = x.to(device), y.to(device)
            L = loss_fn(model(x), y)
            model.zero_grad()
            L.backward()
            sgd_step(model.parameters(), lr)
            Σ += L.item() * len(x)
            n += len(x)
        verlauf.append(Σ / n)
    return verlauf


def fit_line(x, y, lr=0.1, epochs=200):
    f = Linear(1, 1)
    train(f, mse_loss, [(x[:, None], y[:, None])], lr, epochs)
    return f.weight.item(), f.bias.item()


class CNN(Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv2d(1, 8, 3, padding=1)
        self.conv2 = Conv2d(8, 16, 3, padding=1)
        self.fc = Linear(64, 10)

    def forward(self, x):
        σ, pool = ReLU(), MaxPool2d(2)
        return self.fc(pool(σ(self.conv2(pool(σ(self.conv1(x)))))).flatten(1))


def accuracy(model, batches, device="cpu"):
    vorher = model.training
    model.to(device).eval()
    richtig = alle = 0
    with torch.no_grad():
        for x, y in batches:
            richtig += (model(x.to(device)).argmax(1) == y.to(device)).sum().item()
            alle += len(y)
    model.train(vorher)
    return richtig / alle


def train_classifier(images, labels, device="cpu"):
    model = CNN()
    for η in np.geomspace(0.2, 0.02, 20):
        π = torch.randperm(len(images))
        train(
            model, F.cross_entropy, list(zip(images[π].split(32), labels[π].split(32))), float(η), 1, device
        )
    return model
