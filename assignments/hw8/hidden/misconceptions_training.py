"""Wrong ways to take a step, to train, and to fit a line."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]
Batches = Iterable[tuple[Tensor, Tensor]]
Parameters = Iterable[nn.Parameter]
Loss = Callable[[Tensor, Tensor], Tensor]

# --------------------------------------------------------------------------------------------- sgd_step


# before those by which nothing moves at all: with a generator they look the same
@misconception(
    "sgd_step",
    hint="Nothing moves. If a list of parameters works, then it is the generator: it can be gone through only once, "
    "and the second loop finds nothing. Make a list of it, or loop once.",
)
def generator_used_up(right: Right, parameters: Parameters, lr: float) -> None:
    if all(isinstance(p, nn.Parameter) for p in parameters):
        right(parameters, lr)


@misconception(
    "sgd_step",
    aspect="size",
    hint="The step goes up the gradient. The gradient points to where the loss grows: go the other way.",
)
def step_uphill(right: Right, parameters: Parameters, lr: float) -> None:
    right(parameters, -lr)


@misconception(
    "sgd_step",
    hint="Nothing moves. `p = p - ...` makes a new tensor and gives it the name p, and a copy is another tensor too. "
    "Change the parameter itself, in place.",
)
def name_rebound(right: Right, parameters: Parameters, lr: float) -> None:
    for p in parameters:
        if p.grad is not None:
            p = p - lr * p.grad  # type: ignore[assignment]


@misconception(
    "sgd_step",
    hint="The step itself is recorded for autograd, which a leaf that requires a gradient does not allow. Switch "
    "recording off for the step.",
)
def step_recorded(right: Right, parameters: Parameters, lr: float) -> None:
    for p in parameters:
        if p.grad is not None:
            p.sub_(lr * p.grad)


@misconception(
    "sgd_step",
    hint="A parameter without a gradient has grad None: it can't be multiplied, and the parameter is to stay as it is.",
)
def missing_gradient_used(right: Right, parameters: Parameters, lr: float) -> None:
    with torch.no_grad():
        for p in parameters:
            p.sub_(lr * p.grad)  # type: ignore[operator]


@misconception(
    "sgd_step",
    hint="A parameter without a gradient has grad None: it can't be multiplied, and the parameter is to stay as it is.",
)
def missing_gradient_multiplied(right: Right, parameters: Parameters, lr: float) -> None:
    with torch.no_grad():
        for p in parameters:
            p.sub_(p.grad * lr)  # type: ignore[operator]


@misconception(
    "sgd_step",
    aspect="order",
    hint="The gradients are set to zero before they are used, so nothing moves.",
)
def gradients_cleared_first(right: Right, parameters: Parameters, lr: float) -> None:
    listed = list(parameters)
    for p in listed:
        if p.grad is not None:
            p.grad.zero_()
    right(listed, lr)


@misconception(
    "sgd_step",
    aspect="order",
    hint="The gradients are cleared after the step. Here they are to be left as they are: clearing is for the training "
    "loop.",
)
def gradients_zeroed_after(right: Right, parameters: Parameters, lr: float) -> None:
    listed = list(parameters)
    right(listed, lr)
    for p in listed:
        if p.grad is not None:
            p.grad.zero_()


@misconception(
    "sgd_step",
    aspect="order",
    hint="The gradients are set to None after the step. Here they are to be left as they are: clearing is for the "
    "training loop.",
)
def gradients_dropped_after(right: Right, parameters: Parameters, lr: float) -> None:
    listed = list(parameters)
    right(listed, lr)
    for p in listed:
        p.grad = None


@misconception(
    "sgd_step",
    hint="The gradient itself is multiplied by the learning rate, in place. Whoever reads it later finds a smaller "
    "one.",
)
def gradient_scaled(right: Right, parameters: Parameters, lr: float) -> None:
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p.grad *= lr
                p.sub_(p.grad)


@misconception(
    "sgd_step",
    hint="The step is taken by the gradients, not by the parameters: p.grad changes and p stays.",
)
def gradient_moved(right: Right, parameters: Parameters, lr: float) -> None:
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p.grad -= lr * p.grad


@misconception(
    "sgd_step",
    aspect="size",
    hint="The learning rate is applied twice, so the step is too small.",
)
def rate_applied_twice(right: Right, parameters: Parameters, lr: float) -> None:
    right(parameters, lr * lr)


@misconception(
    "sgd_step",
    aspect="size",
    hint="The learning rate is left out: the step has the size of the gradient.",
)
def rate_left_out(right: Right, parameters: Parameters, lr: float) -> None:
    right(parameters, 1.0)


@misconception(
    "sgd_step",
    hint="Only the first parameter takes a step: the function returns, or breaks off, inside the loop.",
)
def first_parameter_only(right: Right, parameters: Parameters, lr: float) -> None:
    right([next(iter(parameters))], lr)


@misconception(
    "sgd_step",
    hint="Only the weights take a step. The biases are parameters too.",
)
def weights_only(right: Right, parameters: Parameters, lr: float) -> None:
    right([p for p in parameters if p.dim() > 1], lr)


@misconception(
    "sgd_step",
    hint="The gradient is divided by a number of elements or samples. The loss's mean has done that already.",
)
def gradient_averaged(right: Right, parameters: Parameters, lr: float) -> None:
    for p in parameters:
        right([p], lr / max(len(p) if p.dim() else 1, 1))


@misconception(
    "sgd_step",
    hint="Every step has the same length: the gradient is normalised, or only its sign is used. Plain gradient descent "
    "uses the gradient as it is.",
)
def sign_of_gradient(right: Right, parameters: Parameters, lr: float) -> None:
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p.sub_(lr * p.grad.sign())


@misconception(
    "sgd_step",
    hint="Large gradients are clipped. Plain gradient descent uses the gradient as it is.",
)
def gradient_clipped(right: Right, parameters: Parameters, lr: float) -> None:
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p.sub_(lr * p.grad.clamp(-1, 1))


@misconception(
    "sgd_step",
    hint="The parameters shrink by themselves: this is weight decay on top of the step.",
)
def weights_decayed(right: Right, parameters: Parameters, lr: float) -> None:
    listed = list(parameters)
    right(listed, lr)
    with torch.no_grad():
        for p in listed:
            p.mul_(1 - lr * 0.01)


@misconception(
    "sgd_step",
    hint="The parameters are indexed, or their number is asked for. An iterable, such as model.parameters(), has no "
    "length and no index: loop over it.",
)
def parameters_indexed(right: Right, parameters: Any, lr: float) -> None:
    right([parameters[i] for i in range(len(parameters))], lr)


# --------------------------------------------------------------------------------------------- fit_line


@misconception(
    "fit_line",
    aspect="answer",
    hint="Slope and intercept are returned in the wrong order.",
)
def intercept_first(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    m, b = right(x, y, lr, epochs)
    return b, m


@misconception(
    "fit_line",
    aspect="data",
    hint="x and y are taken for each other: the line predicts y from x.",
)
def fitted_the_other_way(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return right(y, x, lr, epochs)


@misconception(
    "fit_line",
    hint="x and y have the shape (n,). A layer with one input wants one column, (n, 1), and the target must have the "
    "prediction's shape.",
)
def not_made_a_column(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return right(x[:, 0], y[:, 0], lr, epochs)


@misconception(
    "fit_line",
    aspect="data",
    hint="The predictions have the shape (n, 1) and y has (n,): their difference is broadcast to (n, n), so the line "
    "is flat. The target must have the prediction's shape.",
)
def target_broadcast(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return right(x.repeat_interleave(len(y)), y.repeat(len(x)), lr, epochs)


@misconception(
    "fit_line",
    aspect="settings",
    hint="`epochs` is ignored: the number of steps is for the caller to choose.",
)
def epochs_ignored(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return right(x, y, lr, 200)


@misconception(
    "fit_line",
    aspect="settings",
    hint="`lr` is ignored: the learning rate is for the caller to choose.",
)
def rate_ignored(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return right(x, y, 0.1, epochs)


@misconception(
    "fit_line",
    aspect="settings",
    hint="The layer is hardly trained: the number of steps falls far short of `epochs`.",
)
def one_epoch_only(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return right(x, y, lr, 1)


@misconception(
    "fit_line",
    aspect="answer",
    hint="m and b come back as tensors. They are to be Python floats.",
)
def line_as_tensors(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return tuple(torch.tensor(value) for value in right(x, y, lr, epochs))


@misconception(
    "fit_line",
    aspect="answer",
    hint="m and b come back inside lists. They are to be Python floats.",
)
def line_as_lists(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    m, b = right(x, y, lr, epochs)
    return [[m]], [b]


@misconception(
    "fit_line",
    hint="The line goes through the origin: the intercept is not learned.",
)
def through_the_origin(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return float((x * y).sum() / (x * x).sum()), 0.0


@misconception(
    "fit_line",
    aspect="data",
    hint="x is standardised before the fit, and slope and intercept are not converted back.",
)
def standardised_and_left(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return right((x - x.mean()) / x.std(), y, lr, epochs)


@misconception(
    "fit_line",
    aspect="settings",
    hint="The loss is the sum of the squared errors, so that the steps are n times too long.",
)
def fitted_to_the_sum(right: Right, x: Tensor, y: Tensor, lr: float = 0.1, epochs: int = 200) -> Any:
    return right(x, y, lr * len(x), epochs)
