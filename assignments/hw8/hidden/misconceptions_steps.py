"""More wrong ways to take a step of gradient descent."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]
Parameters = Iterable[nn.Parameter]


@misconception(
    "sgd_step",
    hint="Each gradient is divided by its length first, so that all steps are equally long. Plain gradient "
    "descent takes it as it is.",
)
def gradient_normalised(right: Right, parameters: Parameters, lr: float) -> None:

    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p.sub_(lr * p.grad / p.grad.norm())


@misconception(
    "sgd_step",
    hint="The last parameter does not move. The step is for all of them.",
)
def last_parameter_left(right: Right, parameters: Parameters, lr: float) -> None:

    right(list(parameters)[:-1], lr)


@misconception(
    "sgd_step",
    hint="The loop ends at the first parameter without a gradient. It is to pass over that one, and to go on.",
)
def missing_gradient_ends(right: Right, parameters: Parameters, lr: float) -> None:

    moved = []
    for p in parameters:
        if p.grad is None:
            break
        moved.append(p)
    right(moved, lr)


@misconception(
    "sgd_step",
    hint="The parameters are rounded to half precision. Small steps get lost that way.",
)
def step_in_half_precision(right: Right, parameters: Parameters, lr: float) -> None:

    kept = list(parameters)
    right(kept, lr)
    for p in kept:
        if p.grad is not None:
            p.data = p.data.half().float()


@misconception(
    "sgd_step",
    hint="The gradients are squared or multiplied by the parameters. The step is the learning rate times the "
    "gradient.",
)
def gradient_squared(right: Right, parameters: Parameters, lr: float) -> None:

    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p.sub_(lr * p.grad.square())
