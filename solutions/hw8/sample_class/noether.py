"""Noether's homework."""

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
    """Train `model` in place with plain gradient descent, `epochs` times over `batches`.

    `batches` holds pairs (input, target) and can be iterated over again and again; they are taken in the order
    given, one step a batch. The model is in training mode; it and each batch are moved to `device`. The loss of
    a batch is `loss_fn(model(input), target)`.

    Returns a list with each epoch's mean loss per sample as Python floats: each batch's loss before its step,
    weighted by the batch's size.
    """
    raise NotImplementedError("train: the five steps for each batch, and each epoch's mean loss")


def fit_line(x, y, lr=0.1, epochs=200):
    """Fit f(x) = m·x + b to tensors `x` `(n,)` and `y` `(n,)`; returns `(m, b)` as Python floats.

    It trains one fully-connected layer with the MSE and full-batch gradient descent: all data in one batch.
    """
    raise NotImplementedError("fit_line: train a layer with one input and one output")


class CNN(nn.Module):
    """The given network, from images `(N, 1, 8, 8)` to logits `(N, 10)`.

    Its parameters are exactly `conv1.weight`, `conv1.bias`, `conv2.weight`, `conv2.bias`, `fc.weight` and
    `fc.bias`.
    """

    def __init__(self):
        super().__init__()
        raise NotImplementedError("CNN.__init__: the layers of the table")

    def forward(self, x):
        """Map images `(N, 1, 8, 8)` to logits `(N, 10)`."""
        raise NotImplementedError("CNN.forward: the table, row by row")


def accuracy(model, batches, device="cpu"):
    """The share of samples whose largest logit is the label: a Python float in [0, 1].

    `batches` holds pairs (images, labels), labels `(N,)`. The model is evaluated on `device`, in evaluation mode
    and without gradients; afterwards it is in the mode that it was in before.
    """
    raise NotImplementedError("accuracy: count the samples that are right")


def train_classifier(images, labels, device="cpu"):
    """Train a new `CNN` and return it.

    `images` `(N, 1, 8, 8)` have values in [0, 1], `labels` `(N,)` are `int64`, 0 to 9.
    """
    raise NotImplementedError("train_classifier: a new CNN, trained on shuffled mini-batches")
