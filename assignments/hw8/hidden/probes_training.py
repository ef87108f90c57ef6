"""What runs beside the student's code in part `training`.  No answer is in here."""

from collections.abc import Callable, Iterable, Iterator
from types import ModuleType

import torch
from probes import Array, Result, tensor
from torch import nn

Pair = tuple[torch.Tensor, torch.Tensor]


class Plane(nn.Module):
    """prediction = x Wᵀ + b; remembers its parameters and its mode at each call with gradients enabled."""

    def __init__(self, weight: Array, bias: Array, signs: dict[str, Array] | None = None) -> None:
        super().__init__()
        self.signs = {mode: tensor(values, "cpu") for mode, values in (signs or {}).items()}
        self.weight = nn.Parameter(tensor(weight, "cpu"))
        self.bias = nn.Parameter(tensor(bias, "cpu"))
        self.path: list[Pair] = []
        self.modes: list[bool] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled():
            self.remember()
            self.modes.append(self.training)
        if self.signs:  # what it computes tells in which mode it is
            x = x * self.signs["training" if self.training else "other"].to(x.device)
        return x @ self.weight.T + self.bias

    def remember(self) -> None:
        """Add the parameters to the path, unless they have not moved since the last time."""
        now = (self.weight.detach().clone(), self.bias.detach().clone())
        if not self.path or not all(torch.equal(a, b) for a, b in zip(now, self.path[-1], strict=True)):
            self.path.append(now)


class Stream:
    """Batches that can be gone through again and again, and nothing else: no length, no index."""

    def __init__(self, pairs: list[Pair]) -> None:
        self._pairs = pairs

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._pairs)


def mean_of_squares(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return torch.mean((prediction - target) ** 2)


def mean_of_hypotenuses(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return torch.mean(torch.sqrt(1 + (prediction - target) ** 2))


LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "squares": mean_of_squares,
    "hypotenuses": mean_of_hypotenuses,
}


def sgd_step(
    student: ModuleType,
    device: str,
    *,
    values: list[Array],
    gradients: list[list[Array | None]],
    lr: float,
    generator: bool = False,
) -> Result:
    """One step for each of `gradients`, a list of one gradient or None for each parameter."""
    parameters = [nn.Parameter(tensor(value, device)) for value in values]
    for step in gradients:
        for parameter, gradient in zip(parameters, step, strict=True):
            parameter.grad = None if gradient is None else tensor(gradient, device)
        iterable: Iterable[nn.Parameter] = (p for p in parameters) if generator else parameters
        student.sgd_step(iterable, lr)
    result: Result = {}
    for index, parameter in enumerate(parameters):
        result[f"parameter {index}"] = parameter
        result[f"gradient {index}"] = parameter.grad
        result[f"leaf {index}"] = parameter.is_leaf and parameter.grad_fn is None
    return result


def train(
    student: ModuleType,
    device: str,
    *,
    weight: Array,
    bias: Array,
    xs: list[Array],
    ys: list[Array],
    loss: str,
    lr: float,
    epochs: int,
    stream: bool = False,
    default_device: bool = False,
    signs: dict[str, Array] | None = None,
) -> Result:
    """`stream`: the batches have no length; `default_device`: `device` is left to the default; `signs`: what the model
    turns its features by in training mode and otherwise."""
    model = Plane(weight, bias, signs)
    model.eval()
    pairs = [(tensor(x, "cpu"), tensor(y, "cpu")) for x, y in zip(xs, ys, strict=True)]
    batches = Stream(pairs) if stream else pairs
    options = {} if default_device else {"device": device}
    losses = student.train(model, LOSSES[loss], batches, lr, epochs, **options)
    model.remember()
    weights, biases = zip(*model.path, strict=True)
    return {
        "losses": losses,
        "steps": len(model.path) - 1,
        "weights": torch.stack([values.cpu() for values in weights]),
        "biases": torch.stack([values.cpu() for values in biases]),
        "modes": {"training": sum(model.modes), "calls": len(model.modes)},
    }


def fit_line(
    student: ModuleType,
    device: str,
    *,
    x: Array,
    y: Array,
    lr: float | None = None,
    epochs: int | None = None,
) -> Result:
    """On the CPU whatever `device` is: `fit_line` is told none."""
    options = {name: value for name, value in (("lr", lr), ("epochs", epochs)) if value is not None}
    return {"(m, b)": student.fit_line(tensor(x, "cpu"), tensor(y, "cpu"), **options)}
