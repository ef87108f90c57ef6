"""Names that are bound in unusual ways: factories, `type`, partial, conditions, try, a namespace class."""

import functools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import Module, Parameter

try:
    from tqdm.auto import tqdm
except ImportError:

    def tqdm(things, **_):
        return things


EPS = 0
if hasattr(torch.Tensor, "mT"):

    def turned(a):
        return a.mT
else:

    def turned(a):
        return a.transpose(-1, -2)


to_tensor, to_numpy = (
    lambda array, device="cpu": torch.tensor(np.array(array, order="C"), dtype=torch.float32, device=device),
    lambda tensor: tensor.detach().cpu().numpy(),
)


def with_parameters(cls):
    """A class decorator that gives a layer `draw`."""

    def draw(self, *shape):
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        self.weight = Parameter(torch.zeros(shape).uniform_(-bound, bound))
        self.bias = Parameter(torch.zeros(shape[0]).uniform_(-bound, bound))

    cls.draw = draw
    return cls


class layers:  # noqa: N801
    """A namespace."""

    @with_parameters
    class Linear(Module):
        def __init__(self, in_features, out_features):
            super().__init__()
            self.draw(out_features, in_features)

        def forward(self, x):
            return x @ turned(self.weight) + self.bias


Linear = layers.Linear


def windows(k, s):
    return lambda x: x.unfold(2, k, s).unfold(3, k, s)


def make_conv():
    @with_parameters
    class Conv2d(Module):
        def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
            super().__init__()
            self.draw(out_channels, in_channels, kernel_size, kernel_size)
            self.pad = functools.partial(F.pad, pad=(padding, padding, padding, padding))
            self.cut = windows(kernel_size, stride)

        def forward(self, x):
            return torch.einsum("nchwij,ocij->nohw", self.cut(self.pad(x)), self.weight) + self.bias.view(
                -1, 1, 1
            )

    return Conv2d


Conv2d = make_conv()
ReLU = type("ReLU", (Module,), {"forward": lambda self, x: x.clamp(min=0)})
Flatten = type("Flatten", (Module,), {"forward": lambda self, x: x.flatten(1)})


class MaxPool2d(Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.cut = windows(kernel_size, stride or kernel_size)

    def forward(self, x):
        return self.cut(x).amax((4, 5))


def mean_of(f):
    def checked(prediction, target):
        if prediction.shape != target.shape:
            raise ValueError("shapes differ")
        return f(prediction - target).mean()

    return checked


mse_loss = mean_of(torch.square)


def mse_surface(x, y, slopes, intercepts):
    grid = torch.cartesian_prod(slopes, intercepts).view(len(slopes), len(intercepts), 2)
    return ((grid[..., :1] * x + grid[..., 1:] - y) ** 2).mean(-1)


def _step(parameters, lr, *, towards):
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p += towards * lr * p.grad


sgd_step = functools.partial(_step, towards=-1)


def train(model, loss_fn, batches, lr, epochs, device="cpu"):
    model.to(device).train()
    history = []
    for _ in tqdm(range(epochs), disable=True):
        total = n = 0
        for x, y in batches:
            model.zero_grad()
            (loss := loss_fn(model(x.to(device)), y.to(device))).backward()
            sgd_step(model.parameters(), lr)
            total, n = total + loss.item() * len(x), n + len(x)
        history.append(total / n)
    return history


def fit_line(x, y, lr=0.1, epochs=200):
    train(line := Linear(1, 1), mse_loss, [(x[:, None], y[:, None])], lr, epochs)
    return line.weight.item(), line.bias.item()


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        for name, layer in {
            "conv1": Conv2d(1, 8, 3, padding=1),
            "conv2": Conv2d(8, 16, 3, padding=1),
            "fc": Linear(64, 10),
        }.items():
            setattr(self, name, layer)
        self.f = functools.partial(functools.reduce, lambda x, f: f(x))

    def forward(self, x):
        between = [ReLU(), MaxPool2d(2)]
        return self.f([self.conv1, *between, self.conv2, *between, Flatten(), self.fc], x)


def accuracy(model, batches, device="cpu"):
    mode = model.training
    model.to(device).eval()
    with torch.no_grad():
        pairs = [(model(x.to(device)).argmax(1).cpu(), y.cpu()) for x, y in batches]
    model.train(mode)
    guesses, truth = map(torch.cat, zip(*pairs))
    return (guesses == truth).sum().item() / len(truth)


def train_classifier(images, labels, device="cpu"):
    model = CNN().to(device)
    images, labels = images.to(device), labels.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=6e-3)
    for _ in range(20):
        for chosen in torch.randperm(len(images)).split(60):
            loss = F.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model
