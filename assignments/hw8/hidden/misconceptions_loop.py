"""More wrong ways to write the training loop."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor, nn

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]
Batches = Iterable[tuple[Tensor, Tensor]]
Loss = Callable[[Tensor, Tensor], Tensor]
Model = nn.Module


@misconception(
    "train",
    hint="The batches are gone through only once: after iter(batches) the second epoch finds nothing. Loop "
    "over `batches` itself in each epoch.",
)
def batches_used_up(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:

    return [*right(model, loss_fn, batches, lr, 1, device), *[0.0] * (epochs - 1)]


@misconception(
    "train",
    says="the model was called in evaluation mode",
    hint="The model is in evaluation mode from the second epoch on. Call train() again after each evaluation.",
)
def evaluation_mode_after_an_epoch(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:

    losses = list(right(model, loss_fn, batches, lr, 1, device))
    model.train = lambda mode=True: model.__class__.train(model, False)  # type: ignore[method-assign, assignment]
    try:
        return losses + list(right(model, loss_fn, batches, lr, epochs - 1, device))
    finally:
        del model.train


@misconception(
    "train",
    aspect="batches",
    hint="The first batch of each epoch is passed over. Every batch is for training.",
)
def first_batch_skipped(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:

    rest = list(itertools.islice(batches, 1, None))
    return list(right(model, loss_fn, rest, lr, epochs, device))


@misconception(
    "train",
    aspect="batches",
    hint="A step is taken only for every second batch. Each batch is worth one.",
)
def every_second_batch(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:

    half = list(itertools.islice(batches, 0, None, 2))
    return list(right(model, loss_fn, half, lr, epochs, device))


@misconception(
    "train",
    hint="Training stops as soon as the loss grows. The caller says how many epochs there are.",
)
def stopped_early(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:

    losses: list[float] = []
    for _ in range(min(epochs, 3)):
        losses += right(model, loss_fn, batches, lr, 1, device)
    return losses
