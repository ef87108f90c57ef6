"""Wrong ways to measure a network's accuracy."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]
Model = nn.Module
Batches = Iterable[tuple[Tensor, Tensor]]


@misconception(
    "accuracy",
    aspect="answer",
    hint="This is a percentage. A share is asked for, between 0 and 1.",
)
def percent(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:
    return 100 * right(model, batches, device)


@misconception(
    "accuracy",
    aspect="answer",
    hint="This is the share of wrong answers.",
)
def error_rate(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:
    return 1 - right(model, batches, device)


@misconception(
    "accuracy",
    aspect="answer",
    hint="This is the number of right answers. A share is asked for, between 0 and 1.",
)
def counted_only(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:
    listed = list(batches)
    return round(right(model, listed, device) * sum(len(labels) for _, labels in listed))


@misconception(
    "accuracy",
    aspect="answer",
    hint="Integer division cuts off the digits after the point.",
)
def integer_division(right: Right, model: Model, batches: Batches, device: str = "cpu") -> float:
    return int(right(model, batches, device))


@misconception(
    "accuracy",
    aspect="answer",
    hint="A tensor comes back. A Python float is asked for.",
)
def accuracy_as_tensor(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Tensor:
    return torch.tensor(right(model, batches, device))


@misconception(
    "accuracy",
    hint="The batches' accuracies are averaged, all with the same weight. Batches may have different sizes: every "
    "sample counts the same.",
)
def batch_accuracies_averaged(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:
    shares = [right(model, [batch], device) for batch in batches]
    return sum(shares) / len(shares)


@misconception(
    "accuracy",
    aspect="batches",
    hint="Only the last batch counts: the counters start anew for each batch.",
)
def last_batch_counted(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:
    return [right(model, [batch], device) for batch in batches][-1]


@misconception(
    "accuracy",
    aspect="batches",
    hint="Not every batch counts: the function returns inside the loop, or the last batch is left out.",
)
def first_batch_counted(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:
    return right(model, [next(iter(batches))], device)


@misconception(
    "accuracy",
    aspect="batches",
    hint="The last, smaller batch is dropped.",
)
def smaller_batches_dropped(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:
    listed = list(batches)
    return right(model, [b for b in listed if len(b[1]) == len(listed[0][1])], device)


@misconception(
    "accuracy",
    hint="The number of batches, or a batch by its index, is asked for. The batches can be iterated over, no more.",
)
def length_of_batches(right: Right, model: Model, batches: Any, device: str = "cpu") -> Any:
    return right(model, [batches[i] for i in range(len(batches))], device)


def predicted(model: Model, batches: Batches, choose: Callable[[Tensor], Tensor]) -> float:
    """The share of samples whose label is what `choose` makes of the logits; the model's mode put back."""
    mode, right, count = model.training, 0, 0
    model.eval()
    with torch.no_grad():
        for images, labels in batches:
            right += int((choose(model(images)) == labels).sum())
            count += len(labels)
    model.train(mode)
    return right / count


@misconception(
    "accuracy",
    hint="The greatest value is sought along the samples. Each sample has one row of logits: look along the classes.",
)
def argmax_along_samples(right: Right, model: Model, batches: Batches, device: str = "cpu") -> float:
    return predicted(model, batches, lambda logits: logits.argmax(dim=0))


@misconception(
    "accuracy",
    hint="No answer counts as right: the greatest logit itself is compared with the label, or the smallest one is "
    "sought. It is the position of the greatest that names the class.",
)
def values_compared(right: Right, model: Model, batches: Batches, device: str = "cpu") -> float:
    return predicted(model, batches, lambda logits: logits.amax(dim=1))


@misconception(
    "accuracy",
    hint="The second best class counts as right, too. Only the largest logit is the answer.",
)
def best_two(right: Right, model: Model, batches: Batches, device: str = "cpu") -> float:
    return min(1.0, sum(predicted(model, list(batches), rank(i)) for i in range(2)))


def rank(i: int) -> Callable[[Tensor], Tensor]:
    """The class with the i-th largest logit."""
    return lambda logits: logits.argsort(dim=1, descending=True)[:, i]


@misconception(
    "accuracy",
    aspect="mode",
    hint="The model is evaluated in the mode that it came in. Some layers behave differently in training: switch the "
    "mode.",
)
def evaluated_in_training_mode(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:
    model.eval = lambda: model  # type: ignore[method-assign]
    try:
        return right(model, batches, device)
    finally:
        del model.eval


@misconception(
    "accuracy",
    aspect="mode",
    hint="The model stays in evaluation mode. Put back the mode that it was in before.",
)
def left_in_evaluation_mode(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:
    share = right(model, batches, device)
    model.eval()
    return share


@misconception(
    "accuracy",
    aspect="mode",
    hint="The model is always in training mode afterwards. Put back the mode that it was in before.",
)
def left_in_training_mode(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:
    share = right(model, batches, device)
    model.train()
    return share


@misconception(
    "accuracy",
    hint="The model is called with gradients enabled. Nothing is to be learned here: switch recording off.",
)
def evaluated_with_gradients(right: Right, model: Model, batches: Batches, device: str = "cpu") -> float:
    mode, hits, count = model.training, 0, 0
    model.to(device).eval()
    for images, labels in batches:
        hits += int((model(images.to(device)).argmax(dim=1) == labels.to(device)).sum())
        count += len(labels)
    model.train(mode)
    return hits / count


@misconception(
    "accuracy",
    hint="An answer counts only where the network is sure of it. The largest logit is the answer, however "
    "small its probability.",
)
def only_sure_answers(right: Right, model: Model, batches: Batches, device: str = "cpu") -> float:

    def chosen(logits: Tensor) -> Tensor:
        sure = logits.softmax(dim=1).amax(dim=1) > 0.5
        return torch.where(sure, logits.argmax(dim=1), -1)

    return predicted(model, batches, chosen)


@misconception(
    "accuracy",
    hint="Each class's share is computed and these are averaged. Every sample counts the same.",
)
def classes_averaged(right: Right, model: Model, batches: Batches, device: str = "cpu") -> float:
    listed = list(batches)
    hits: list[Tensor] = []

    def noted(logits: Tensor) -> Tensor:
        hits.append(logits.argmax(dim=1))
        return hits[-1]

    predicted(model, listed, noted)
    labels = torch.cat([labels for _, labels in listed])
    was_right = torch.cat(hits) == labels
    shares = [was_right[labels == k].double().mean().item() for k in labels.unique()]
    return sum(shares) / len(shares)


@misconception(
    "accuracy",
    hint="Answers of class 0 are left out. It is a class like the others.",
)
def class_zero_left_out(right: Right, model: Model, batches: Batches, device: str = "cpu") -> float:

    return predicted(model, batches, lambda logits: logits.argmax(dim=1).where(logits.argmax(dim=1) > 0, -1))


@misconception(
    "accuracy",
    aspect="answer",
    hint="The share is rounded. Return it as it is.",
)
def share_rounded(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:

    return round(right(model, batches, device), 2)


@misconception(
    "accuracy",
    aspect="answer",
    hint="All batches are taken to be as large as the first. They may differ: count the samples.",
)
def first_size_for_all(right: Right, model: Model, batches: Batches, device: str = "cpu") -> Any:

    listed = list(batches)
    count = sum(len(labels) for _, labels in listed)
    return right(model, listed, device) * count / (len(listed) * len(listed[0][1]))
