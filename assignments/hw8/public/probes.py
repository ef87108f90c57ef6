"""How the public checks call your code: short functions that run beside it.

`grade check` calls a probe as `probe(student, device, **case)`; `student.Linear` is your `Linear`.  The cases
come from the test files beside this one, which say what must come back.
"""

from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.generic]
Result = dict[str, object]


def leaf(values: Array, device: str) -> torch.Tensor:
    """A tensor that requires a gradient."""
    return torch.tensor(values, device=device, requires_grad=True)


def set_parameters(layer: Any, **values: Array) -> Any:
    """The layer, with these values in its parameters; TypeError or ValueError where they don't fit."""
    for name, array in values.items():
        parameter = getattr(layer, name)
        if not isinstance(parameter, torch.Tensor):
            raise TypeError(f"{name} is a {type(parameter).__name__}, not a tensor")
        if tuple(parameter.shape) != array.shape:
            raise ValueError(f"{name} has shape {tuple(parameter.shape)}, it should have {array.shape}")
        with torch.no_grad():
            parameter.copy_(torch.tensor(array))
    return layer


def derivatives(result: Any, factors: Array, **leaves: torch.Tensor) -> Result:
    """The gradients of sum(result * factors), as "x.grad"; None where none arrives."""
    wanted = {name: each for name, each in leaves.items() if each.requires_grad}
    grads: dict[str, object] = dict.fromkeys(leaves)
    if wanted and isinstance(result, torch.Tensor) and result.requires_grad and result.shape == factors.shape:
        total = (result * torch.tensor(factors, device=result.device)).sum()
        found = torch.autograd.grad(total, list(wanted.values()), allow_unused=True)
        grads |= dict(zip(wanted, found, strict=True))
    return {f"{name}.grad": grad for name, grad in grads.items()}


def of_parameters(layer: Any, twin: Any) -> Result:
    names = [name for name, _ in layer.named_parameters()]
    return {"weight": layer.weight, "bias": layer.bias, "parameters": names, "weight of a twin": twin.weight}


# --------------------------------------------------------------------------------------------- tensors


def tensor_of(student: ModuleType, device: str, *, array: Array) -> Result:
    return {"tensor": student.to_tensor(np.array(array), device=device)}


def to_tensor_then_write(student: ModuleType, device: str, *, array: Array) -> Result:
    shared = np.array(array)
    result = student.to_tensor(shared)
    shared[...] = -1
    return {"tensor": result}


def array_of(student: ModuleType, device: str, *, array: Array, with_gradient: bool = False) -> Result:
    tensor = leaf(array, device) * 1 if with_gradient else torch.tensor(array, device=device)
    return {"array": student.to_numpy(tensor)}


# ---------------------------------------------------------------------------------------------- linear


def linear_parameters(student: ModuleType, device: str, *, in_features: int, out_features: int) -> Result:
    return of_parameters(*(student.Linear(in_features, out_features).to(device) for _ in range(2)))


def linear_forward(student: ModuleType, device: str, *, x: Array, weight: Array, bias: Array) -> Result:
    layer = set_parameters(linear(student, device, weight), weight=weight, bias=bias)
    return {"y": layer(torch.tensor(x, device=device))}


def linear_backward(
    student: ModuleType, device: str, *, x: Array, weight: Array, bias: Array, factors: Array
) -> Result:
    layer = set_parameters(linear(student, device, weight), weight=weight, bias=bias)
    given = leaf(x, device)
    y = layer(given)
    return {"y": y, **derivatives(y, factors, x=given, weight=layer.weight, bias=layer.bias)}


def linear(student: ModuleType, device: str, weight: Array) -> Any:
    return student.Linear(weight.shape[1], weight.shape[0]).to(device)


# ------------------------------------------------------------------------------------------------ conv


def conv_parameters(
    student: ModuleType, device: str, *, in_channels: int, out_channels: int, kernel_size: int
) -> Result:
    return of_parameters(
        *(student.Conv2d(in_channels, out_channels, kernel_size).to(device) for _ in range(2))
    )


def conv_forward(
    student: ModuleType, device: str, *, x: Array, weight: Array, bias: Array, **settings: int
) -> Result:
    outputs, inputs, size, _ = weight.shape
    layer = student.Conv2d(inputs, outputs, size, **settings).to(device)
    set_parameters(layer, weight=weight, bias=bias)
    return {"y": layer(torch.tensor(x, device=device))}


def conv_backward(
    student: ModuleType, device: str, *, x: Array, weight: Array, bias: Array, factors: Array
) -> Result:
    outputs, inputs, size, _ = weight.shape
    layer = set_parameters(student.Conv2d(inputs, outputs, size).to(device), weight=weight, bias=bias)
    given = leaf(x, device)
    y = layer(given)
    return {"y": y, **derivatives(y, factors, x=given, weight=layer.weight, bias=layer.bias)}


# ----------------------------------------------------------------------------------------- activations


def relu_forward(student: ModuleType, device: str, *, x: Array) -> Result:
    given = torch.tensor(x, device=device)
    return {"y": student.ReLU().to(device)(given), "x afterwards": given}


def relu_backward(student: ModuleType, device: str, *, x: Array, factors: Array) -> Result:
    given = leaf(x, device)
    y = student.ReLU().to(device)(given)
    return {"y": y, **derivatives(y, factors, x=given)}


def pool_forward(student: ModuleType, device: str, *, x: Array, kernel_size: int, **settings: int) -> Result:
    return {"y": student.MaxPool2d(kernel_size, **settings).to(device)(torch.tensor(x, device=device))}


def flatten_forward(student: ModuleType, device: str, *, x: Array) -> Result:
    return {"y": student.Flatten().to(device)(torch.tensor(x, device=device))}


# ------------------------------------------------------------------------------------------------- mse


def loss(student: ModuleType, device: str, *, prediction: Array, target: Array) -> Result:
    pair = (torch.tensor(values, device=device) for values in (prediction, target))
    return {"loss": student.mse_loss(*pair)}


def mse_backward(student: ModuleType, device: str, *, prediction: Array, target: Array) -> Result:
    given = leaf(prediction, device)
    loss = student.mse_loss(given, torch.tensor(target, device=device))
    return {"loss": loss, **derivatives(loss, np.ones((), np.float32), prediction=given)}


def mse_refusal(student: ModuleType, device: str, *, prediction: Array, target: Array) -> Result:
    try:
        student.mse_loss(torch.tensor(prediction, device=device), torch.tensor(target, device=device))
    except ValueError:
        return {"raised": "ValueError"}
    return {"raised": None}


def surface(
    student: ModuleType, device: str, *, x: Array, y: Array, slopes: Array, intercepts: Array
) -> Result:
    given = (torch.tensor(values, device=device) for values in (x, y, slopes, intercepts))
    return {"surface": student.mse_surface(*given)}


# -------------------------------------------------------------------------------------------- training


class Slope(nn.Module):
    """f(x) = w·x, with the one parameter w."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(start))
        self.modes: list[bool] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.modes.append(self.training)
        return self.w * x


def mean_of_squares(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction - target) ** 2).mean()


def step(
    student: ModuleType, device: str, *, values: list[Array], gradients: list[Array | None], lr: float
) -> Result:
    parameters = [nn.Parameter(torch.tensor(value, device=device)) for value in values]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = None if gradient is None else torch.tensor(gradient, device=device)
    student.sgd_step((parameter for parameter in parameters), lr)
    result: Result = {f"parameter {place}": parameter for place, parameter in enumerate(parameters)}
    return result | {f"gradient {place}": parameter.grad for place, parameter in enumerate(parameters)}


def training(
    student: ModuleType,
    device: str,
    *,
    start: float,
    xs: list[Array],
    ys: list[Array],
    lr: float,
    epochs: int,
) -> Result:
    model = Slope(start).eval()
    batches = [(torch.tensor(x), torch.tensor(y)) for x, y in zip(xs, ys, strict=True)]
    losses = student.train(model, mean_of_squares, batches, lr, epochs, device=device)
    return {"w": model.w, "losses": losses, "every call was in training mode": all(model.modes)}


def fitted_line(student: ModuleType, device: str, *, x: Array, y: Array, **settings: float) -> Result:
    return {"(m, b)": student.fit_line(torch.tensor(x), torch.tensor(y), **settings)}


# ------------------------------------------------------------------------------------------------- cnn


class FirstPixels(nn.Module):
    """A model whose three logits are an image's first three pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))
        self.modes: list[bool] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.modes.append(self.training)
        return self.factor * x.flatten(1)[:, :3]


def cnn_parameters(student: ModuleType, device: str) -> Result:
    return {"parameters": dict(student.CNN().to(device).named_parameters())}


def cnn_forward(student: ModuleType, device: str, *, network: dict[str, Array], images: Array) -> Result:
    model = student.CNN().to(device)
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, values in network.items():
            parameters[name].copy_(torch.tensor(values, device=device))
    return {"logits": model(torch.tensor(images, device=device))}


def share_right(student: ModuleType, device: str, *, logits: list[Array], labels: list[Array]) -> Result:
    model = FirstPixels().to(device).train()
    batches = [(torch.tensor(x), torch.tensor(y)) for x, y in zip(logits, labels, strict=True)]
    share = student.accuracy(model, batches, device=device)
    called = {"calls": len(model.modes), "calls in training mode": sum(model.modes)}
    return {"accuracy": share, "training afterwards": model.training, **called}


def classifier(student: ModuleType, device: str, *, images: Array, labels: Array, others: Array) -> Result:
    """What the trained network takes `others` for."""
    torch.manual_seed(0)
    model = student.train_classifier(torch.tensor(images), torch.tensor(labels), device=device).to(device)
    model.eval()
    with torch.no_grad():
        answers = model(torch.tensor(others, device=device)).argmax(1)
        return {"is a CNN": isinstance(model, student.CNN), "answers": answers}
