"""More wrong ways to fit a line."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]


@misconception(
    "fit_line",
    hint="The line comes from a formula and not from gradient descent: with few epochs the training has not "
    "arrived there yet.",
)
def closed_form(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:

    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    return float(slope), float(y.mean() - slope * x.mean())


@misconception(
    "fit_line",
    hint="A step is taken after each single point. Full-batch gradient descent takes one step an epoch, with "
    "all points.",
)
def point_by_point(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:

    m, b = 0.0, 0.0
    for _ in range(epochs):
        for each, target in zip(x.tolist(), y.tolist(), strict=True):
            error = m * each + b - target
            m, b = m - lr * 2 * error * each, b - lr * 2 * error
    return m, b


@misconception(
    "fit_line",
    aspect="answer",
    hint="Slope and intercept are rounded. Return them as they are.",
)
def line_rounded(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:

    m, b = right(x, y, lr, epochs)
    return round(m, 2), round(b, 2)


@misconception(
    "fit_line",
    aspect="data",
    hint="Only the first half of the points is used, or some are held back. The line is to fit all of them.",
)
def points_held_back(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:

    return right(x[: len(x) // 2], y[: len(y) // 2], lr, epochs)


@misconception(
    "fit_line",
    says="is not where 20 steps of gradient descent",
    hint="There is one epoch too many, or one too few. Count the steps for epochs=1.",
)
def one_step_too_few(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return right(x, y, lr, epochs - 1)


@misconception(
    "fit_line",
    says="is not where 20 steps of gradient descent",
    hint="The loss is half the mean squared error, so that each step is half as long. Take mse_loss as it is.",
)
def half_the_loss(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return right(x, y, lr / 2, epochs)
