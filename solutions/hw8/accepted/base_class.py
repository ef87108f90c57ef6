"""A base class that knows its subclasses, and mixins for what layers share."""

import math
from abc import abstractmethod

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Layer(nn.Module):
    """What all layers share; every subclass is entered in `known`."""

    known: dict[str, type] = {}

    def __init_subclass__(cls, **settings):
        super().__init_subclass__(**settings)
        Layer.known[cls.__name__] = cls

    @abstractmethod
    def compute(self, x): ...

    def forward(self, x):
        return self.compute(x)


class WithParameters:
    """Mixin: a weight and a bias, uniform in [-1/sqrt(n), 1/sqrt(n)]."""

    def make_parameters(self, *shape):
        self.weight = nn.Parameter(torch.empty(shape))
        self.bias = nn.Parameter(torch.empty(shape[0]))
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        bound = 1 / math.sqrt(self.weight[0].numel())
        nn.init.uniform_(self.bias, -bound, bound)


class WithWindows:
    """Mixin: cut an image into windows."""

    kernel_size: int
    stride: int

    def windows(self, x):
        for dimension in (-2, -2):
            x = x.unfold(dimension, self.kernel_size, self.stride)
        return x


class Linear(WithParameters, Layer):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.make_parameters(out_features, in_features)

    def compute(self, x):
        return torch.matmul(x, self.weight.transpose(-1, -2)) + self.bias


class Conv2d(WithParameters, WithWindows, Layer):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.make_parameters(out_channels, in_channels, kernel_size, kernel_size)

    def compute(self, x):
        windows = self.windows(F.pad(x, 4 * (self.padding,)))
        return torch.einsum("bchwij,ocij->bohw", windows, self.weight) + self.bias[:, None, None]

    def extra_repr(self):
        return f"{self.kernel_size}x{self.kernel_size}, stride {self.stride}"


class ReLU(Layer):
    def compute(self, x):
        return torch.max(x, torch.zeros((), device=x.device))


class MaxPool2d(WithWindows, Layer):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size

    def compute(self, x):
        return self.windows(x).max(dim=-1).values.max(dim=-1).values


class Flatten(Layer):
    def compute(self, x):
        return x.reshape(len(x), math.prod(x.shape[1:]))


class CNN(Layer):
    def __init__(self):
        super().__init__()
        make = Layer.known
        self.conv1 = make["Conv2d"](1, 8, 3, padding=1)
        self.conv2 = make["Conv2d"](8, 16, 3, padding=1)
        self.fc = make["Linear"](64, 10)
        self.relu, self.pool, self.flatten = ReLU(), MaxPool2d(2), Flatten()

    def compute(self, x):
        for conv in self.conv1, self.conv2:
            x = self.pool(self.relu(conv(x)))
        return self.fc(self.flatten(x))


def to_tensor(array, device="cpu"):
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C")).to(device)


def to_numpy(tensor):
    return tensor.cpu().detach().numpy()


def mse_loss(prediction, target):
    if prediction.shape == target.shape:
        return torch.mean((prediction - target) ** 2)
    raise ValueError("mse_loss wants two tensors of one shape")


def mse_surface(x, y, slopes, intercepts):
    m, b = slopes.view(-1, 1, 1), intercepts.view(1, -1, 1)
    return torch.mean((y - m * x - b) ** 2, dim=2)


class GradientDescent:
    """One step at a time, without torch.optim."""

    def __init__(self, parameters, lr):
        self.parameters, self.lr = list(parameters), lr

    def clear(self):
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for p in self.parameters:
            if p.grad is not None:
                p.add_(p.grad, alpha=-self.lr)


def sgd_step(parameters, lr):
    GradientDescent(parameters, lr).step()


class Trainer:
    def __init__(self, model, loss_fn, lr, device):
        self.model = model.to(device).train()
        self.loss_fn, self.device = loss_fn, device
        self.descent = GradientDescent(model.parameters(), lr)

    def batch(self, x, y):
        self.descent.clear()
        loss = self.loss_fn(self.model(x.to(self.device)), y.to(self.device))
        loss.backward()
        self.descent.step()
        return loss.item()

    def epoch(self, batches):
        seen = [(self.batch(x, y), len(x)) for x, y in batches]
        return sum(loss * size for loss, size in seen) / sum(size for _, size in seen)


def train(model, loss_fn, batches, lr, epochs, device="cpu"):
    trainer = Trainer(model, loss_fn, lr, device)
    return [trainer.epoch(batches) for _ in range(epochs)]


def fit_line(x, y, lr=0.1, epochs=200):
    line = Linear(1, 1)
    train(line, mse_loss, [(x.reshape(-1, 1), y.reshape(-1, 1))], lr, epochs)
    return line.weight.item(), line.bias.item()


class Evaluation:
    """A context in which a model is in evaluation mode."""

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.was = self.model.training
        return self.model.eval()

    def __exit__(self, *_):
        self.model.train(self.was)


def accuracy(model, batches, device="cpu"):
    right = total = 0
    with torch.no_grad(), Evaluation(model.to(device)) as judge:
        for x, y in batches:
            right += judge(x.to(device)).argmax(1).eq(y.to(device)).sum().item()
            total += y.numel()
    return right / total


def train_classifier(images, labels, device="cpu"):
    model = CNN().to(device)
    images, labels = images.to(device), labels.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    for _ in range(20):
        for chosen in torch.randperm(len(images)).split(48):
            optimizer.zero_grad()
            F.cross_entropy(model(images[chosen]), labels[chosen]).backward()
            optimizer.step()
        decay.step()
    return model
