"""The first steps."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    return tensor.detach().cpu().numpy()


class Linear(nn.Module):
    """The fully-connected layer y = x Aᵀ + b.

    `Linear(in_features, out_features)` has two `nn.Parameter`s, `weight` `(out_features, in_features)` and
    `bias` `(out_features,)`, both drawn from U(-s, s) with s = 1/sqrt(in_features).
    """

    def __init__(self, in_features, out_features):
        super().__init__()
        raise NotImplementedError("Linear.__init__: draw the parameters `weight` and `bias`")

    def forward(self, x):
        """Map `x` `(..., in_features)` to `(..., out_features)`, for any number of leading dimensions."""
        raise NotImplementedError("Linear.forward: y = x Aᵀ + b")


class Conv2d(nn.Module):
    """The convolutional layer: a cross-correlation with learned kernels, with zero padding.

    `Conv2d(in_channels, out_channels, kernel_size, stride=1, padding=0)` has two `nn.Parameter`s, `weight`
    `(out_channels, in_channels, k, k)` and `bias` `(out_channels,)`, both drawn from U(-s, s) with
    s = 1/sqrt(in_channels * k * k). `kernel_size` k, `stride` and `padding` are integers.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        raise NotImplementedError("Conv2d.__init__: keep the settings, draw `weight` and `bias`")

    def forward(self, x):
        """Map `x` `(N, in_channels, H, W)` to `(N, out_channels, H', W')`.

        H' = (H + 2 padding - k) // stride + 1, and W' likewise.
        """
        raise NotImplementedError("Conv2d.forward: slide the kernels over the padded input")


class ReLU(nn.Module):
    """The rectified linear unit."""

    def forward(self, x):
        """max(x, 0), element by element: a new tensor; `x` itself stays as it is."""
        raise NotImplementedError("ReLU.forward: max(x, 0)")


class MaxPool2d(nn.Module):
    """Max pooling: `MaxPool2d(kernel_size, stride=None)`; a stride of None means `kernel_size`."""

    def __init__(self, kernel_size, stride=None):
        super().__init__()
        raise NotImplementedError("MaxPool2d.__init__: keep the settings")

    def forward(self, x):
        """Map `x` `(N, C, H, W)` to `(N, C, H', W')`, H' = (H - kernel_size) // stride + 1, W' likewise.

        Right for negative numbers too: the maximum of a window is one of its values.
        """
        raise NotImplementedError("MaxPool2d.forward: the maximum of each window")


class Flatten(nn.Module):
    """One vector per sample."""

    def forward(self, x):
        """Map `x` `(N, ...)` to `(N, everything else)`."""
        raise NotImplementedError("Flatten.forward: keep the first dimension, join the others")


def mse_loss(prediction, target):
    """The mean squared error, mean((target - prediction)²) over all elements, as a scalar tensor.

    It is differentiable in both. ValueError where the shapes differ.
    """
    raise NotImplementedError("mse_loss: mean((target - prediction)²)")


def mse_surface(x, y, slopes, intercepts):
    """The MSE of many lines at once, for the plot "weights versus MSE".

    Entry `[i, j]` of the result `(len(slopes), len(intercepts))` is the MSE of the line
    f(x) = slopes[i]·x + intercepts[j] on the data `x` `(n,)`, `y` `(n,)`. All are tensors of one dimension.
    """
    raise NotImplementedError("mse_surface: one MSE for each pair of slope and intercept")


def sgd_step(parameters, lr):
    """One step of plain gradient descent in place: p ← p - lr · ∂L/∂p.

    `parameters` is any iterable of parameters, a generator too. A parameter whose `grad` is None stays as it
    is. Nothing is recorded for autograd, and the gradients are left as they are.
    """
    raise NotImplementedError("sgd_step: p ← p - lr · ∂L/∂p for each parameter")


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
