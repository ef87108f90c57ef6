"""Lambdas, partial functions and objects that can be called; classes made by type()."""

import functools
import itertools
import math
import operator

import torch
import torch.nn.functional as F
from torch import nn


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


def start(module, *shape, fan):
    module.weight = nn.Parameter((2 * torch.rand(*shape) - 1) * fan**-0.5)
    module.bias = nn.Parameter((2 * torch.rand(shape[0]) - 1) * fan**-0.5)


def linear_init(self, in_features, out_features):
    nn.Module.__init__(self)
    start(self, out_features, in_features, fan=in_features)


Linear = type(
    "Linear",
    (nn.Module,),
    {
        "__init__": linear_init,
        "forward": lambda self, x: torch.addmm(
            self.bias, x.reshape(-1, x.shape[-1]), self.weight.t()
        ).reshape(*x.shape[:-1], -1),
    },
)


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
        windows = F.pad(x, [p] * 4).unfold(2, k, s).unfold(3, k, s)
        return torch.einsum("nchwuv,ocuv->nohw", windows, self.weight) + self.bias[:, None, None]


ReLU = type("ReLU", (nn.Module,), {"forward": lambda self, x: torch.maximum(x, x.new_zeros(()))})


def _loss(power, prediction, target):
    for p, t in zip(prediction.shape, target.shape, strict=True):
        if p != t:
            raise ValueError(f"{p} is not {t}")
    return torch.mean((prediction - target) ** power)


class Step:
    def __call__(self, parameters, lr):
        moving = [p for p in parameters if p.grad is not None]
        for p, new in [(p, p.detach() - lr * p.grad) for p in moving]:
            p.detach().copy_(new)


class MaxPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.k, self.s = kernel_size, kernel_size if stride is None else stride

    def forward(self, x):
        h, w = ((n - self.k) // self.s + 1 for n in x.shape[-2:])
        corner = operator.itemgetter(*itertools.product(range(self.k), range(self.k)))
        shifted = {
            (i, j): x[..., i : i + self.s * (h - 1) + 1 : self.s, j : j + self.s * (w - 1) + 1 : self.s]
            for i in range(self.k)
            for j in range(self.k)
        }
        return functools.reduce(torch.maximum, [shifted[at] for at in shifted])


Flatten = type(
    "Flatten",
    (nn.Module,),
    {"forward": staticmethod(lambda x: x.reshape(x.shape[0], math.prod(x.shape[1:])))},
)


mse_loss = functools.partial(_loss, 2)


mse_surface = lambda x, y, slopes, intercepts: torch.vmap(
    lambda m: torch.vmap(lambda b: (m * x + b - y).square().mean())(intercepts)
)(slopes)


sgd_step = Step()


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
