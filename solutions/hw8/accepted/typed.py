"""Annotated throughout, with dataclasses and structural pattern matching."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

Device: TypeAlias = str | torch.device
Batch: TypeAlias = tuple[Tensor, Tensor]
Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def to_tensor(array: NDArray[np.generic], device: Device = "cpu") -> Tensor:
    return torch.tensor(np.array(array, dtype=np.float32, order="C"), device=device)


def to_numpy(tensor: Tensor) -> NDArray[np.generic]:
    return tensor.detach().cpu().numpy()


def uniform(shape: tuple[int, ...], fan_in: int) -> nn.Parameter:
    bound = 1.0 / math.sqrt(fan_in)
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


class Linear(nn.Module):
    weight: nn.Parameter
    bias: nn.Parameter

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = uniform((out_features, in_features), in_features)
        self.bias = uniform((out_features,), in_features)

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("...i,oi->...o", x, self.weight) + self.bias


@dataclass(frozen=True)
class Geometry:
    """How windows lie on an image."""

    size: int
    stride: int
    padding: int = 0

    def count(self, length: int) -> int:
        return (length + 2 * self.padding - self.size) // self.stride + 1

    def taps(self, x: Tensor) -> Iterator[tuple[int, int, Tensor]]:
        """For each place of the kernel, the image shifted there: (N, C, H', W')."""
        padded = F.pad(x, (self.padding,) * 4)
        rows, columns = self.count(x.shape[-2]), self.count(x.shape[-1])
        for u in range(self.size):
            for v in range(self.size):
                down = slice(u, u + (rows - 1) * self.stride + 1, self.stride)
                right = slice(v, v + (columns - 1) * self.stride + 1, self.stride)
                yield u, v, padded[..., down, right]


class Conv2d(nn.Module):
    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0
    ) -> None:
        super().__init__()
        self.geometry = Geometry(kernel_size, stride, padding)
        fan_in = in_channels * kernel_size**2
        self.weight = uniform((out_channels, in_channels, kernel_size, kernel_size), fan_in)
        self.bias = uniform((out_channels,), fan_in)

    def forward(self, x: Tensor) -> Tensor:
        terms = [
            torch.einsum("nchw,oc->nohw", tap, self.weight[:, :, u, v]) for u, v, tap in self.geometry.taps(x)
        ]
        return torch.stack(terms).sum(0) + self.bias[None, :, None, None]


class ReLU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, 0.0)


class MaxPool2d(nn.Module):
    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        super().__init__()
        match stride:
            case None:
                self.geometry = Geometry(kernel_size, kernel_size)
            case int(step):
                self.geometry = Geometry(kernel_size, step)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([tap for _, _, tap in self.geometry.taps(x)]).amax(dim=0)


class Flatten(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        match x.shape:
            case (n, *_):
                return x.reshape(n, -1)
        raise ValueError("a sample is needed")


def mse_loss(prediction: Tensor, target: Tensor) -> Tensor:
    match (tuple(prediction.shape), tuple(target.shape)):
        case (one, other) if one == other:
            return (target - prediction).pow(2).mean()
        case (one, other):
            raise ValueError(f"{one} is not {other}")


def mse_surface(x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    lines = torch.outer(slopes, x).unsqueeze(1) + intercepts.unsqueeze(-1)
    return (lines - y).pow(2).mean(dim=-1)


@torch.no_grad()
def sgd_step(parameters: Iterable[nn.Parameter], lr: float) -> None:
    for parameter in parameters:
        match parameter.grad:
            case None:
                pass
            case gradient:
                parameter.subtract_(gradient, alpha=lr)


@dataclass
class Mean:
    """A running mean, weighted."""

    total: float = 0.0
    weight: int = 0

    def add(self, value: float, weight: int) -> None:
        self.total += value * weight
        self.weight += weight

    @property
    def value(self) -> float:
        return self.total / self.weight


@dataclass
class History:
    losses: list[float] = field(default_factory=list)


def train(
    model: nn.Module,
    loss_fn: Loss,
    batches: Iterable[Batch],
    lr: float,
    epochs: int,
    device: Device = "cpu",
) -> list[float]:
    model.to(device)
    model.train()
    history = History()
    for _ in range(epochs):
        mean = Mean()
        for inputs, targets in batches:
            model.zero_grad()
            loss = loss_fn(model(inputs.to(device)), targets.to(device))
            loss.backward()
            sgd_step(model.parameters(), lr)
            mean.add(loss.item(), len(inputs))
        history.losses.append(mean.value)
    return history.losses


def fit_line(x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> tuple[float, float]:
    line = Linear(1, 1)
    train(line, mse_loss, [(x[:, None], y[:, None])], lr, epochs)
    return line.weight.item(), line.bias.item()


class CNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1: Conv2d = Conv2d(1, 8, 3, padding=1)
        self.conv2: Conv2d = Conv2d(8, 16, 3, padding=1)
        self.fc: Linear = Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        relu, pool = ReLU(), MaxPool2d(2)
        x = pool(relu(self.conv1(x)))
        x = pool(relu(self.conv2(x)))
        return self.fc(Flatten()(x))


def accuracy(model: nn.Module, batches: Iterable[Batch], device: Device = "cpu") -> float:
    was_training = model.training
    mean = Mean()
    model.to(device).eval()
    with torch.inference_mode():
        for images, labels in batches:
            hits = model(images.to(device)).argmax(dim=1) == labels.to(device)
            mean.add(hits.double().mean().item(), len(labels))
    model.train(was_training)
    return mean.value


@dataclass(frozen=True, slots=True)
class Recipe:
    epochs: int = 20
    batch: int = 40
    lr: float = 4e-3


def train_classifier(images: Tensor, labels: Tensor, device: Device = "cpu") -> CNN:
    recipe = Recipe()
    model = CNN().to(device)
    x, y = images.to(device), labels.to(device)
    optimizer = torch.optim.NAdam(model.parameters(), lr=recipe.lr)
    for _ in range(recipe.epochs):
        for chosen in torch.randperm(len(x), device=x.device).split(recipe.batch):
            optimizer.zero_grad()
            F.cross_entropy(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
    return model
