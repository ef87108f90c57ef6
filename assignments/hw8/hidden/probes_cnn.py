"""What runs beside the student's code in part `cnn`.  No answer is in here."""

import random
from collections.abc import Iterable
from types import ModuleType

import numpy as np
import torch
from probes import Array, Layer, Result, tensor
from torch import nn


class Calls(list[bool]):
    """How a model was called each time: its copies write into the same list."""

    def __deepcopy__(self, memo: dict[int, object]) -> "Calls":
        return self


class Pixels(nn.Module):
    """A model whose logits are the first pixels of each image; it remembers how it was called.

    Where it `tells`, they are the last pixels instead while it is in training mode or gradients are recorded.
    """

    def __init__(self, classes: int, *, tells: bool = False) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))
        self.classes = classes
        self.tells = tells
        self.modes = Calls()
        self.recorded = Calls()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.modes.append(self.training)
        self.recorded.append(torch.is_grad_enabled())
        pixels = x.flatten(1)
        elsewhere = self.tells and (self.training or torch.is_grad_enabled())
        return self.factor * (pixels[:, -self.classes :] if elsewhere else pixels[:, : self.classes])


def cnn_parameters(student: ModuleType, device: str) -> Result:
    return {"parameters": dict(student.CNN().to(device).named_parameters())}


def cnn_forward(
    student: ModuleType, device: str, *, network: dict[str, Array], images: list[Array]
) -> Result:
    """One network, called in turn with each batch of images."""
    model, unfilled = cnn(student, device, network)
    results = {f"logits {turn}": model(tensor(batch, device)) for turn, batch in enumerate(images)}
    return {"unfilled": unfilled, **results}


def cnn_evaluated(student: ModuleType, device: str, *, network: dict[str, Array], images: Array) -> Result:
    """A network in evaluation mode, called with gradients and without."""
    model, unfilled = cnn(student, device, network)
    model.eval()
    results = {"logits in evaluation mode": model(tensor(images, device))}
    with torch.no_grad():
        results["logits without gradients"] = model(tensor(images, device))
    return {"unfilled": unfilled, **results}


def cnn_backward(
    student: ModuleType, device: str, *, network: dict[str, Array], images: Array, upstream: Array
) -> Result:
    """The gradients of sum(logits * upstream), left in the parameters."""
    model, unfilled = cnn(student, device, network)
    total = torch.sum(model(tensor(images, device)) * tensor(upstream, device))
    total.backward()  # type: ignore[no-untyped-call]
    return {
        "unfilled": unfilled,
        "gradients": {name: parameter.grad for name, parameter in model.named_parameters()},
    }


def cnn(student: ModuleType, device: str, network: dict[str, Array]) -> tuple[Layer, list[str]]:
    """A `CNN` with the values of `network`, and the names that found no parameter of their shape."""
    model = student.CNN().to(device)
    parameters = dict(model.named_parameters())
    fitting = {
        name: values
        for name, values in network.items()
        if name in parameters and tuple(parameters[name].shape) == values.shape
    }
    with torch.no_grad():
        for name, values in fitting.items():
            parameters[name].copy_(tensor(values, device))
    return model, [name for name in network if name not in fitting]


def accuracy(
    student: ModuleType,
    device: str,
    *,
    images: list[Array],
    labels: list[Array],
    classes: int = 10,
    training: bool = True,
    generator: bool = False,
    tells: bool = False,
) -> Result:
    """`training`: the mode that the model is in; `generator`: the batches can be gone through only once; `tells`: what
    the model answers depends on how it is called."""
    model = Pixels(classes, tells=tells).to(device)
    model.train(training)
    pairs = [(tensor(x, "cpu"), tensor(y, "cpu")) for x, y in zip(images, labels, strict=True)]
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]] = (pair for pair in pairs) if generator else pairs
    return {
        "accuracy": student.accuracy(model, batches, device=device),
        "calls": len(model.modes),
        "calls in training mode": sum(model.modes),
        "calls with gradients": sum(model.recorded),
        "training afterwards": model.training,
    }


def train_classifier(student: ModuleType, device: str, *, images: Array, labels: Array, seed: int) -> Result:
    """What the student trained: whether it is a `CNN`, and its parameters.  Each seed draws other weights.

    Images and labels are on the CPU, as batches are and as the notebook hands them over: processes of a DataLoader can
    fetch the samples, whatever the device.
    """
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    model = student.train_classifier(tensor(images, "cpu"), tensor(labels, "cpu"), device=device)
    if not isinstance(model, student.CNN):
        return {"is a CNN": False, "parameters": {}}
    return {"is a CNN": True, "parameters": dict(model.named_parameters())}
