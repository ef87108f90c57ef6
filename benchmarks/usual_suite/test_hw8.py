"""hw8 as courses usually test it: in pytest's own process, `torch.allclose` with its defaults, one input a test.

USUAL_INPUTS=ones makes every input a tensor of ones, as many course tests do; otherwise they are random.
"""

import os
from pathlib import Path

import hw8  # type: ignore[import-not-found]
import numpy as np
import torch
from torch import nn

ONES = os.environ.get("USUAL_INPUTS") == "ones"
DIGITS = os.environ.get("USUAL_DIGITS", "")


def given(*shape: int) -> torch.Tensor:
    return torch.ones(shape) if ONES else torch.randn(shape)


def filled(layer: nn.Module, reference: nn.Module) -> nn.Module:
    with torch.no_grad():
        for name in ("weight", "bias"):
            values = given(*getattr(reference, name).shape)
            getattr(layer, name).copy_(values)
            getattr(reference, name).copy_(values)
    return layer


def same_gradients(layer: nn.Module, reference: nn.Module, x: torch.Tensor) -> None:
    layer(x).sum().backward()
    reference(x).sum().backward()
    assert torch.allclose(layer.weight.grad, reference.weight.grad)  # type: ignore[arg-type]
    assert torch.allclose(layer.bias.grad, reference.bias.grad)  # type: ignore[arg-type]


def test_tensors_to_tensor() -> None:
    array = given(3, 4).numpy().astype(np.float64)
    assert torch.allclose(hw8.to_tensor(array), torch.tensor(array, dtype=torch.float32))


def test_tensors_to_numpy() -> None:
    tensor = given(3, 4).requires_grad_()
    assert np.allclose(hw8.to_numpy(tensor), tensor.detach().numpy())


def test_linear_values() -> None:
    reference, x = nn.Linear(7, 4), given(5, 7)
    assert torch.allclose(filled(hw8.Linear(7, 4), reference)(x), reference(x))


def test_linear_gradients() -> None:
    reference, x = nn.Linear(7, 4), given(5, 7)
    same_gradients(filled(hw8.Linear(7, 4), reference), reference, x)


def test_conv_values() -> None:
    reference, x = nn.Conv2d(2, 3, 3, stride=2, padding=1), given(2, 2, 8, 8)
    assert torch.allclose(filled(hw8.Conv2d(2, 3, 3, stride=2, padding=1), reference)(x), reference(x))


def test_conv_gradients() -> None:
    reference, x = nn.Conv2d(2, 3, 3), given(2, 2, 8, 8)
    same_gradients(filled(hw8.Conv2d(2, 3, 3), reference), reference, x)


def test_activations_relu() -> None:
    x = given(4, 5)
    assert torch.allclose(hw8.ReLU()(x), torch.relu(x))


def test_activations_pool() -> None:
    x = given(2, 3, 4, 4)
    assert torch.allclose(hw8.MaxPool2d(2)(x), nn.functional.max_pool2d(x, 2))


def test_activations_flatten() -> None:
    x = given(2, 3, 4)
    assert torch.allclose(hw8.Flatten()(x), x.flatten(1))


def test_mse_values() -> None:
    x, y = given(6), torch.zeros(6)
    assert torch.allclose(hw8.mse_loss(x, y), nn.functional.mse_loss(x, y))


def test_mse_surface() -> None:
    x, y, lines = given(5), given(5), torch.tensor([0.0, 1.0])
    expected = ((lines[:, None, None] * x + lines[None, :, None] - y) ** 2).mean(-1)
    assert torch.allclose(torch.as_tensor(hw8.mse_surface(x, y, lines, lines)), expected)


def test_training_step() -> None:
    p = nn.Parameter(given(3))
    p.grad = given(3)
    expected = p.detach() - 0.5 * p.grad
    hw8.sgd_step([p], 0.5)
    assert torch.allclose(p.detach(), expected)


def test_training_line() -> None:
    x = torch.linspace(-1, 1, 20)
    m, b = hw8.fit_line(x, 2 * x + 1)
    assert abs(m - 2) < 0.05
    assert abs(b - 1) < 0.05


def test_cnn_shape() -> None:
    assert hw8.CNN()(given(2, 1, 8, 8)).shape == (2, 10)


def test_cnn_accuracy() -> None:
    batch = given(4, 3), torch.tensor([0, 1, 2, 0])
    expected = (batch[0].argmax(1) == batch[1]).float().mean().item()
    assert abs(hw8.accuracy(nn.Identity(), [batch]) - expected) < 1e-6


def test_cnn_classifier() -> None:
    if not DIGITS:
        return  # it trains: only for submissions that it is about
    data = np.load(Path(DIGITS))
    images = torch.tensor(data["images"], dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    labels = torch.tensor(data["labels"], dtype=torch.int64)
    network = hw8.train_classifier(images[:1000], labels[:1000])
    with torch.no_grad():
        share = (network(images[1000:]).argmax(1) == labels[1000:]).float().mean()
    assert share > 0.9
