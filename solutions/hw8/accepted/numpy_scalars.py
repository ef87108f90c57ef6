"""Results as NumPy scalars and tuples, sums in float64, the training told in a progress bar and plotted."""

import math

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from tqdm.auto import tqdm


def to_tensor(array, device="cpu"):
    return torch.as_tensor(np.asarray(array).astype(np.float32, copy=True).copy(order="C"), device=device)


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


def train(model, loss_fn, batches, lr, epochs, device="cpu"):
    model = model.to(device)
    history = np.zeros(epochs)
    progress = tqdm(range(epochs), desc="training", leave=False)
    for epoch in progress:
        model.train()
        losses, sizes = [], []
        for inputs, targets in batches:
            for p in model.parameters():
                p.grad = None
            loss = loss_fn(model(inputs.to(device)), targets.to(device))
            loss.backward()
            sgd_step(model.parameters(), lr)
            losses.append(float(loss))
            sizes.append(len(targets))
        history[epoch] = np.average(losses, weights=sizes)
        progress.set_postfix(loss=history[epoch])
    plt.plot(history)
    plt.xlabel("epoch")
    plt.show()
    return tuple(history)


def fit_line(x, y, lr=0.1, epochs=200):
    line = Linear(1, 1).to(x.device)
    train(line, mse_loss, [(x.reshape(-1, 1), y.reshape(-1, 1))], lr=lr, epochs=epochs, device=x.device)
    return tuple(np.float32(p.detach().cpu().numpy().squeeze()) for p in (line.weight, line.bias))


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
    mode, right, total = model.training, np.int64(0), 0
    model.eval().to(device)
    with torch.no_grad():
        for images, labels in tqdm(batches):
            logits = model(images.to(device)).cpu().numpy()
            right += np.sum(np.argmax(logits, axis=1) == labels.cpu().numpy())
            total += labels.numel()
    model.train(mode)
    return np.float64(right / total)


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
