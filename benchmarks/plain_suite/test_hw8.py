"""The usual way, for comparison: the submission is imported into pytest's own process and compared with torch."""

import hw8  # type: ignore[import-not-found]
import numpy as np
import torch
from torch import nn


def same(actual: torch.Tensor, expected: torch.Tensor) -> bool:
    return torch.allclose(actual, expected, atol=1e-5)


def copied(layer: nn.Module, reference: nn.Module) -> nn.Module:
    with torch.no_grad():
        for name in ("weight", "bias"):
            getattr(layer, name).copy_(getattr(reference, name))
    return layer


def test_tensors_to_tensor() -> None:
    array = np.random.rand(3, 4)
    assert same(hw8.to_tensor(array), torch.tensor(array, dtype=torch.float32))


def test_tensors_to_numpy() -> None:
    tensor = torch.rand(3, 4, requires_grad=True)
    assert np.allclose(hw8.to_numpy(tensor), tensor.detach().numpy())


def test_linear() -> None:
    reference, x = nn.Linear(7, 4), torch.rand(5, 7)
    assert same(copied(hw8.Linear(7, 4), reference)(x), reference(x))


def test_conv() -> None:
    reference, x = nn.Conv2d(2, 3, 3, stride=2, padding=1), torch.rand(2, 2, 8, 7)
    assert same(copied(hw8.Conv2d(2, 3, 3, stride=2, padding=1), reference)(x), reference(x))


def test_activations_relu() -> None:
    x = torch.randn(4, 5)
    assert same(hw8.ReLU()(x), torch.relu(x))


def test_activations_pool() -> None:
    x = torch.randn(2, 3, 4, 6)
    assert same(hw8.MaxPool2d(2)(x), nn.functional.max_pool2d(x, 2))


def test_activations_flatten() -> None:
    x = torch.randn(2, 3, 4)
    assert same(hw8.Flatten()(x), x.flatten(1))


def test_mse_loss() -> None:
    x, y = torch.randn(6), torch.randn(6)
    assert same(hw8.mse_loss(x, y), nn.functional.mse_loss(x, y))


def test_training_step() -> None:
    p = nn.Parameter(torch.ones(3))
    p.grad = torch.full((3,), 2.0)
    hw8.sgd_step([p], 0.5)
    assert same(p.detach(), torch.zeros(3))


def test_training_line() -> None:
    x = torch.linspace(-1, 1, 20)
    m, b = hw8.fit_line(x, 2 * x + 1)
    assert abs(m - 2) < 0.05
    assert abs(b - 1) < 0.05


def test_cnn() -> None:
    assert hw8.CNN()(torch.rand(2, 1, 8, 8)).shape == (2, 10)
