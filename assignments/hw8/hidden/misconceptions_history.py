"""Wrong ways to tell how a training went."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]
Batches = Iterable[tuple[Tensor, Tensor]]
Loss = Callable[[Tensor, Tensor], Tensor]
Model = nn.Module


@misconception(
    "train",
    aspect="history",
    hint="The batches' mean losses are averaged, all with the same weight. The last batch is smaller: a mean per "
    "sample weighs each batch by its size.",
)
def batches_weighted_equally(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return [sum(losses) / len(losses) for losses, _ in epochs_of(right, model, loss_fn, batches, lr, epochs)]


def epochs_of(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int
) -> list[tuple[list[float], list[int]]]:
    """Train, and tell each epoch's losses and batch sizes."""
    result = []
    for _ in range(epochs):
        losses: list[float] = []
        sizes: list[int] = []

        def noted(p: Tensor, t: Tensor, losses: list[float] = losses, sizes: list[int] = sizes) -> Tensor:
            loss = loss_fn(p, t)
            losses.append(loss.item())
            sizes.append(len(p))
            return loss

        right(model, noted, batches, lr, 1)
        result.append((losses, sizes))
    return result


@misconception(
    "train",
    aspect="history",
    hint="Each epoch's last loss is returned. It is the mean over all the epoch's samples that is asked for.",
)
def last_loss_returned(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return [losses[-1] for losses, _ in epochs_of(right, model, loss_fn, batches, lr, epochs)]


@misconception(
    "train",
    aspect="history",
    hint="Each epoch's losses are added up and not divided: it is a mean per sample that is asked for.",
)
def losses_added_up(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return [sum(losses) for losses, _ in epochs_of(right, model, loss_fn, batches, lr, epochs)]


@misconception(
    "train",
    aspect="history",
    hint="The sum of the batches' mean losses is divided by the number of samples. Multiply each by its batch's size "
    "first.",
)
def means_over_samples(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    told = epochs_of(right, model, loss_fn, batches, lr, epochs)
    return [sum(losses) / sum(sizes) for losses, sizes in told]


@misconception(
    "train",
    aspect="history",
    hint="There is a loss for every step. One for every epoch is asked for.",
)
def loss_of_every_step(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return [loss for losses, _ in epochs_of(right, model, loss_fn, batches, lr, epochs) for loss in losses]


@misconception(
    "train",
    aspect="history",
    hint="The loss is computed after the step, with the new parameters. It is the loss before the step that counts.",
)
def loss_after_the_step(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    history = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for inputs, targets in batches:
            right(model, loss_fn, [(inputs, targets)], lr, 1, device)
            with torch.no_grad():
                total += loss_fn(model(inputs.to(device)), targets.to(device)).item() * len(inputs)
            count += len(inputs)
        history.append(total / count)
    return history


@misconception(
    "train",
    aspect="history",
    hint="The losses are tensors: they keep their whole record in memory. Python floats are asked for.",
)
def losses_as_tensors(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> Any:
    return [torch.tensor(loss) for loss in right(model, loss_fn, batches, lr, epochs, device)]


@misconception(
    "train",
    aspect="history",
    hint="One number comes back. The list of all epochs' losses is asked for.",
)
def last_epoch_returned(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> Any:
    return right(model, loss_fn, batches, lr, epochs, device)[-1]


@misconception(
    "train",
    aspect="history",
    hint="Nothing comes back: the list of losses is not returned.",
)
def nothing_returned(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> None:
    right(model, loss_fn, batches, lr, epochs, device)


@misconception(
    "train",
    aspect="history",
    hint="The totals go on from epoch to epoch, so that later losses are means over all epochs so far. Begin "
    "each epoch with 0.",
)
def totals_never_reset(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:

    losses = list(right(model, loss_fn, batches, lr, epochs, device))
    return [sum(losses[: n + 1]) / (n + 1) for n in range(len(losses))]


@misconception(
    "train",
    aspect="history",
    hint="The losses are rounded. Return them as they are.",
)
def losses_rounded(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:

    return [round(loss, 2) for loss in right(model, loss_fn, batches, lr, epochs, device)]


@misconception(
    "train",
    aspect="history",
    hint="Each epoch's smallest loss is returned. It is the mean over all the epoch's samples that is asked "
    "for.",
)
def smallest_loss_returned(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:

    return [min(losses) for losses, _ in epochs_of(right, model, loss_fn, batches, lr, epochs)]


@misconception(
    "train",
    aspect="history",
    hint="The list is in the wrong order: the first epoch's loss comes first.",
)
def last_epoch_first(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:

    return list(right(model, loss_fn, batches, lr, epochs, device))[::-1]
