"""Wrong ways to write the training loop."""

import copy
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]
Batches = Iterable[tuple[Tensor, Tensor]]
Loss = Callable[[Tensor, Tensor], Tensor]
Model = nn.Module


def step(model: Model, lr: float) -> None:
    """One step of gradient descent."""
    with torch.no_grad():
        for p in model.parameters():
            if p.grad is not None:
                p.sub_(lr * p.grad)


class Journal:
    """The losses of an epoch's batches, weighted by their sizes."""

    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def note(self, loss: Tensor, inputs: Tensor) -> None:
        self.total += loss.item() * len(inputs)
        self.count += len(inputs)

    def mean(self) -> float:
        return self.total / self.count


@misconception(
    "train",
    hint="The gradients are never cleared. backward() adds to what is there, so from the second step on each step uses "
    "the sum of all gradients so far.",
)
def gradients_accumulate(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    model.to(device).train()
    history = []
    for _ in range(epochs):
        journal = Journal()
        for inputs, targets in batches:
            loss = loss_fn(model(inputs.to(device)), targets.to(device))
            loss.backward()  # type: ignore[no-untyped-call]
            step(model, lr)
            journal.note(loss, inputs)
        history.append(journal.mean())
    return history


@misconception(
    "train",
    hint="Nothing moves: the gradients are cleared between backward() and the step, or the step does not change the "
    "parameters themselves.",
)
def cleared_before_the_step(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return list(right(model, loss_fn, batches, 0.0, epochs, device))


@misconception(
    "train",
    hint="The step comes before backward(), so each step uses the gradient of the batch before.",
)
def step_before_backward(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    model.to(device).train()
    history = []
    for _ in range(epochs):
        journal = Journal()
        for inputs, targets in batches:
            loss = loss_fn(model(inputs.to(device)), targets.to(device))
            step(model, lr)
            model.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            journal.note(loss, inputs)
        history.append(journal.mean())
    return history


@misconception(
    "train",
    hint="The gradients are cleared once an epoch. They have to be cleared before each backward(): it adds to what is "
    "there.",
)
def cleared_once_an_epoch(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    model.to(device).train()
    history = []
    for _ in range(epochs):
        journal = Journal()
        model.zero_grad()
        for inputs, targets in batches:
            loss = loss_fn(model(inputs.to(device)), targets.to(device))
            loss.backward()  # type: ignore[no-untyped-call]
            step(model, lr)
            journal.note(loss, inputs)
        history.append(journal.mean())
    return history


@misconception(
    "train",
    hint="One step is taken in an epoch, with the gradients of all its batches. It is one step a batch.",
)
def one_step_an_epoch(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    model.to(device).train()
    history = []
    for _ in range(epochs):
        journal = Journal()
        model.zero_grad()
        for inputs, targets in batches:
            loss = loss_fn(model(inputs.to(device)), targets.to(device))
            loss.backward()  # type: ignore[no-untyped-call]
            journal.note(loss, inputs)
        step(model, lr)
        history.append(journal.mean())
    return history


@misconception(
    "train",
    aspect="batches",
    hint="All batches are joined into one. It is one step a batch.",
)
def batches_joined(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    inputs, targets = (torch.cat(tensors) for tensors in zip(*batches, strict=True))
    return list(right(model, loss_fn, [(inputs, targets)], lr, epochs, device))


@misconception(
    "train",
    aspect="batches",
    hint="The last, smaller batch is dropped.",
)
def last_batch_dropped(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    listed = list(batches)
    return list(
        right(model, loss_fn, [b for b in listed if len(b[0]) == len(listed[0][0])], lr, epochs, device)
    )


@misconception(
    "train",
    aspect="batches",
    hint="Only the first batch is used: the function returns, or breaks off, inside the loop.",
)
def first_batch_only(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return list(right(model, loss_fn, [next(iter(batches))], lr, epochs, device))


@misconception(
    "train",
    aspect="batches",
    hint="The batches are taken in another order than the one given.",
)
def batches_reversed(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return list(right(model, loss_fn, list(batches)[::-1], lr, epochs, device))


@misconception(
    "train",
    aspect="batches",
    hint="The batches are shuffled. They are to be taken in the order given: shuffling is for whoever makes them.",
)
def batches_shuffled(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    listed, history = list(batches), []
    for _ in range(epochs):
        order = [listed[i] for i in torch.randperm(len(listed)).tolist()]
        history += right(model, loss_fn, order, lr, 1, device)
    return history


@misconception(
    "train",
    hint="The number of batches, or a batch by its index, is asked for. The batches can be iterated over, no more.",
)
def batches_indexed(
    right: Right, model: Model, loss_fn: Loss, batches: Any, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    listed = [batches[i] for i in range(len(batches))]
    return list(right(model, loss_fn, listed, lr, epochs, device))


@misconception(
    "train",
    aspect="epochs",
    hint="There is one epoch too many.",
)
def one_epoch_more(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return list(right(model, loss_fn, batches, lr, epochs + 1, device))


@misconception(
    "train",
    aspect="epochs",
    hint="There is one epoch too few. range(1, n) has n - 1 elements.",
)
def one_epoch_less(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return list(right(model, loss_fn, batches, lr, epochs - 1, device))


@misconception(
    "train",
    aspect="loss",
    hint="The loss is multiplied by the batch's size, or summed, before backward(): the steps are as many times too "
    "long.",
)
def loss_multiplied(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return list(right(model, lambda p, t: len(p) * loss_fn(p, t), batches, lr, epochs, device))


@misconception(
    "train",
    aspect="loss",
    hint="`loss_fn` is ignored: the mean squared error is made smaller, whatever the caller asks for.",
)
def own_loss_used(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return list(right(model, lambda p, t: ((t - p) ** 2).mean(), batches, lr, epochs, device))


@misconception(
    "train",
    aspect="rate",
    hint="The learning rate shrinks from epoch to epoch. Plain gradient descent keeps it.",
)
def rate_decays(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    history = []
    for epoch in range(epochs):
        history += right(model, loss_fn, batches, lr / (1 + epoch), 1, device)
    return history


@misconception(
    "train",
    hint="The steps have momentum: they go on in the direction of earlier ones. Plain gradient descent has no memory.",
)
def momentum_added(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    model.to(device).train()
    velocity = [torch.zeros_like(p) for p in model.parameters()]
    history = []
    for _ in range(epochs):
        journal = Journal()
        for inputs, targets in batches:
            loss = loss_fn(model(inputs.to(device)), targets.to(device))
            model.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                for p, v in zip(model.parameters(), velocity, strict=True):
                    p.sub_(lr * v.mul_(0.9).add_(p.grad))  # type: ignore[arg-type]
            journal.note(loss, inputs)
        history.append(journal.mean())
    return history


@misconception(
    "train",
    aspect="mode",
    hint="The model stays in the mode that it came in. Some layers behave differently in training: switch the mode.",
)
def mode_not_switched(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    before, switch = model.training, model.train
    model.train = lambda mode=True: switch(before)  # type: ignore[method-assign]
    try:
        return list(right(model, loss_fn, batches, lr, epochs, device))
    finally:
        del model.train


@misconception(
    "train",
    hint="A copy of the model is trained. The model given is to be trained, in place.",
)
def copy_trained(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    return list(right(copy.deepcopy(model), loss_fn, batches, lr, epochs, device))


@misconception(
    "train",
    hint="The model starts anew in each epoch, so that the last one alone counts.",
)
def restarted_each_epoch(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> list[float]:
    start = copy.deepcopy(model.state_dict())
    history = []
    for _ in range(epochs):
        model.load_state_dict(start)
        history += right(model, loss_fn, batches, lr, 1, device)
    return history


@misconception(
    "train",
    hint="Nothing is recorded, so backward() has nothing to go back on. torch.no_grad() is for the step and for "
    "evaluating; what is switched off there, recording or requires_grad, is to be on again afterwards.",
)
def forward_not_recorded(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> None:
    for inputs, targets in batches:
        with torch.no_grad():
            loss = loss_fn(model(inputs.to(device)), targets.to(device))
        loss.backward()  # type: ignore[no-untyped-call]


@misconception(
    "train",
    hint="backward() is called on a Python number. `.item()` leaves the record behind: call backward() on the tensor.",
)
def backward_on_a_number(
    right: Right, model: Model, loss_fn: Loss, batches: Batches, lr: float, epochs: int, device: str = "cpu"
) -> None:
    for inputs, targets in batches:
        loss: Any = loss_fn(model(inputs.to(device)), targets.to(device)).item()
        loss.backward()
