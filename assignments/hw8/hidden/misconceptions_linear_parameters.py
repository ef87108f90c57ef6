"""More wrong ways to start the fully-connected layer."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]
Layer = Any


@misconception(
    "Linear.__init__",
    hint="The bound counts the outputs, too, as Glorot's does. The exercise asks for one over the square root "
    "of the number of inputs.",
)
def linear_glorot(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    nn.init.xavier_uniform_(self.weight)


@misconception(
    "Linear.__init__",
    says="repeats values",
    hint="All outputs start with the same row of weights. Then they stay equal: draw a number for each "
    "element.",
)
def one_row_for_all(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    self.weight = nn.Parameter(self.weight[:1].detach().repeat(out_features, 1))


@misconception(
    "Linear.__init__",
    says="repeats values",
    hint="The values are rounded or whole steps: few different ones remain. Draw real numbers from the "
    "interval.",
)
def drawn_in_steps(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    with torch.no_grad():
        self.weight.mul_(100).round_().div_(100)
