"""Measure the bars of hw8's `train_classifier`: what right, hasty and dishonest solutions reach.

    python benchmarks/bars.py --measure     train what is not on record, report in docs/bars.md
    python benchmarks/bars.py               report what is on record, benchmarks/bars.csv

Every solution trains once on each of 25 fresh alphabets and 25 fresh splits of the digits (right ones 100), with one
thread, and is scored by the hidden suite's own NumPy network: an hour on one core, from an empty record.  One
solution trains from each of 25 seeds on 10 splits, as somebody's does who sets the seed.  The report replaces
what stands between the markers in docs/bars.md.
"""

from __future__ import annotations

import argparse
import csv
import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

import numpy as np
import torch
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "assignments" / "hw8" / "hidden")]

import alphabet  # noqa: E402 - the hidden suite is no package: its folder must be on the path first
import digits  # noqa: E402
import oracles_cnn  # noqa: E402
from splits import Split  # noqa: E402
from tries import TRIES  # noqa: E402

from benchmarks.chances import at_most, best_of_tries, correlated, limit, none_reaches  # noqa: E402

RECORD = ROOT / "benchmarks" / "bars.csv"
PAGE = ROOT / "docs" / "bars.md"
ALPHABETS, SPLITS, RIGHT_SPLITS = 25, 25, 100
SEEDS, SPLITS_PER_SEED = 25, 10
SEEDED = "gradient descent 0.1, batches of 32, 20 epochs"  # of the right ones the one that misses most often
DIGITS_BAR = 0.92  # as in the hidden test
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
RISK = 1e-4  # the greatest probability with which a right solution may miss the bar

Kind = Literal["right", "hasty", "no training"]


class CNN(nn.Module):
    """The provided network, from PyTorch's own layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.fc = nn.Linear(64, 10)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """What `fc` is given, (N, 64)."""
        for convolution in (self.conv1, self.conv2):
            x = nn.functional.max_pool2d(torch.relu(convolution(x)), 2)
        return x.flatten(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The logits (N, 10)."""
        logits: torch.Tensor = self.fc(self.features(x))
        return logits


# ------------------------------------------------------------------------------------------ solutions

Optimizer = Callable[[CNN], torch.optim.Optimizer]
Solution = Callable[[Split], CNN]


def sgd(lr: float, momentum: float = 0.0) -> Optimizer:
    """Gradient descent."""
    return lambda model: torch.optim.SGD(model.parameters(), lr, momentum)


def adam(lr: float) -> Optimizer:
    """Adam."""
    return lambda model: torch.optim.Adam(model.parameters(), lr)


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(logits, labels)


def squares(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return nn.functional.mse_loss(logits, nn.functional.one_hot(labels, 10).float())


@dataclass(frozen=True)
class Training:
    """Train a network with these choices; `size` None is the full batch."""

    optimizer: Optimizer
    size: int | None
    epochs: int
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = cross_entropy
    shuffle: bool = True

    def __call__(self, split: Split) -> CNN:
        model = CNN()
        optimizer = self.optimizer(model)
        images, labels = torch.from_numpy(split.images), torch.from_numpy(split.labels)
        size = self.size or len(labels)
        for _ in range(self.epochs):
            order = torch.randperm(len(labels)) if self.shuffle else torch.arange(len(labels))
            for start in range(0, len(order), size):
                chosen = order[start : start + size]
                loss = self.loss(model(images[chosen]), labels[chosen])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        return model


def untrained(split: Split) -> CNN:
    """A network as it was drawn."""
    return CNN()


def constant(split: Split) -> CNN:
    """Always the class that is most frequent."""
    model = CNN()
    with torch.no_grad():
        model.fc.weight.zero_()
        model.fc.bias.copy_(torch.from_numpy(np.bincount(split.labels, minlength=10)))
    return model


def class_means(split: Split) -> CNN:
    """The nearest class mean in the features of convolutions as they were drawn."""
    model = CNN()
    with torch.no_grad():
        features = model.features(torch.from_numpy(split.images))
        means = torch.stack([features[torch.from_numpy(split.labels == k)].mean(0) for k in range(10)])
        model.fc.weight.copy_(means)
        model.fc.bias.copy_(-means.square().sum(1) / 2)
    return model


def trained_beforehand(known: CNN) -> Solution:
    """A network trained on the digits beforehand, its outputs renamed as suits the training labels best."""

    def solve(split: Split) -> CNN:
        with torch.no_grad():
            logits = known(torch.from_numpy(split.images)).numpy()
        chosen = np.eye(10)[split.labels].T @ np.eye(10)[logits.argmax(1)]
        names = best_names(chosen)
        model = CNN()
        model.load_state_dict(known.state_dict())
        with torch.no_grad():
            model.fc.weight.copy_(known.fc.weight[names])
            model.fc.bias.copy_(known.fc.bias[names])
        return model

    return solve


def best_names(chosen: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[int]:
    """For each label the output to use, most frequent pairs first."""
    names: dict[int, int] = {}
    for pair in np.argsort(-chosen, axis=None, kind="stable"):
        label, output = divmod(int(pair), 10)
        if label not in names and output not in names.values():
            names[label] = output
    return [names[label] for label in range(10)]


def solutions() -> list[tuple[str, Kind, Solution]]:
    """What is measured.  Right is what students with some experience choose, trained to the end."""
    torch.manual_seed(0)
    known = Training(sgd(0.1, 0.9), 64, 20)(digits.fresh_split(np.random.default_rng(10)).split)
    return [
        ("gradient descent 0.1, batches of 32, 20 epochs", "right", Training(sgd(0.1), 32, 20)),
        ("momentum 0.05, batches of 32, 8 epochs", "right", Training(sgd(0.05, 0.9), 32, 8)),
        ("momentum 0.1, batches of 64, 10 epochs", "right", Training(sgd(0.1, 0.9), 64, 10)),
        ("Adam 0.003, batches of 32, 10 epochs", "right", Training(adam(0.003), 32, 10)),
        ("Adam 0.01, batches of 64, 8 epochs", "right", Training(adam(0.01), 64, 8)),
        ("Adam 0.003, squares, batches of 32, 10 epochs", "right", Training(adam(0.003), 32, 10, squares)),
        ("Adam 0.003, batches of 32 in one order", "right", Training(adam(0.003), 32, 10, shuffle=False)),
        ("Adam 0.01, full batch, 150 steps", "right", Training(adam(0.01), None, 150)),
        ("gradient descent 0.1, batches of 32, 10 epochs", "hasty", Training(sgd(0.1), 32, 10)),
        ("gradient descent 0.1, batches of 32, 5 epochs", "hasty", Training(sgd(0.1), 32, 5)),
        ("Adam 0.001, batches of 32, 5 epochs", "hasty", Training(adam(0.001), 32, 5)),
        ("gradient descent 0.1, batches of 32, 2 epochs", "hasty", Training(sgd(0.1), 32, 2)),
        ("gradient descent 0.01, batches of 32, 5 epochs", "hasty", Training(sgd(0.01), 32, 5)),
        ("class means of random features", "no training", class_means),
        ("trained on the digits beforehand, outputs renamed", "no training", trained_beforehand(known)),
        ("always the most frequent class", "no training", constant),
        ("untrained", "no training", untrained),
    ]


# ---------------------------------------------------------------------------------------- measurement


@dataclass(frozen=True)
class Run:
    """One training: which solution, on which data ("alphabet" or "digits"), and the accuracy it reached.

    `draw` is the split's number and the seed's; of "digits, same seed" it is 10 times the seed's plus the split's.
    """

    solution: str
    kind: str
    data: str
    draw: int
    accuracy: float


def measure(done: Iterable[Run]) -> Iterator[Run]:
    """Train each solution on all alphabets and splits that it has not been trained on."""
    known = {(run.solution, run.data, run.draw) for run in done}
    for name, kind, solve in solutions():
        for data, draw, seed, split in planned(name, kind):
            if (name, data, draw) not in known:
                torch.manual_seed(seed)
                yield Run(name, kind, data, draw, score(solve, split()))


def planned(name: str, kind: Kind) -> Iterator[tuple[str, int, int, Callable[[], Split]]]:
    """What a solution is trained on: the data's name, the draw, the seed of the training, the split."""
    for draw in range(ALPHABETS):
        yield "alphabet", draw, draw, functools.partial(fresh_alphabet, draw)
    for draw in range(RIGHT_SPLITS if kind == "right" else SPLITS):
        yield "digits", draw, draw, functools.partial(fresh_digits, draw)
    if name == SEEDED:
        for draw in range(SEEDS * SPLITS_PER_SEED):
            yield (
                "digits, same seed",
                draw,
                draw // SPLITS_PER_SEED,
                functools.partial(fresh_digits, 1000 + draw),
            )


@functools.cache
def fresh_alphabet(draw: int) -> Split:
    return alphabet.fresh_split(np.random.default_rng(draw))


def fresh_digits(draw: int) -> Split:
    return digits.fresh_split(np.random.default_rng(draw)).split


def score(solve: Solution, split: Split) -> float:
    """The accuracy on the held-out samples, by the examiner's own network."""
    network = {name: values.detach().numpy() for name, values in solve(split).named_parameters()}
    return float(np.mean(oracles_cnn.predictions(network, split.held_images) == split.held_labels))


def record(runs: Iterable[Run]) -> None:
    """Add the runs to the record, line by line as they end."""
    with RECORD.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for run in runs:
            writer.writerow([run.solution, run.kind, run.data, run.draw, f"{run.accuracy:.6f}"])
            file.flush()


def recorded() -> list[Run]:
    """The runs on record."""
    with RECORD.open(newline="") as file:
        return [
            Run(row["solution"], row["kind"], row["data"], int(row["draw"]), float(row["accuracy"]))
            for row in csv.DictReader(file)
        ]


# -------------------------------------------------------------------------------------------- report


def report(runs: list[Run]) -> str:
    """The tables and what follows for the bars, in Markdown."""
    return "\n".join([*overview(runs), "", alphabets_conclusion(runs), "", *tries(runs), "", same_seed(runs)])


def tries(runs: list[Run]) -> Iterator[str]:
    """What `TRIES` trainings on digits, of which the best counts, give each solution."""
    yield (
        f"| solution | kind | trainings | below {DIGITS_BAR} | probability of that, at most "
        f"| that of {TRIES} in a row, at most | best of {TRIES}, mean | {TRIES} reach {DIGITS_BAR} |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for solution, kind in dict.fromkeys((run.solution, run.kind) for run in runs):
        reached = accuracies(runs, solution, "digits")
        count, misses = len(reached), sum(accuracy < DIGITS_BAR for accuracy in reached)
        risk = at_most(misses, count)
        told = f"{risk:.3f} | {risk**TRIES:.1e}" if kind == "right" else " | "
        yield (
            f"| {solution} | {kind} | {count} | {misses} | {told} | {best_of_tries(reached, TRIES):.3f} "
            f"| {1 - none_reaches(misses, count, TRIES):.3f} |"
        )


def same_seed(runs: list[Run]) -> str:
    """What becomes of the `TRIES` trainings where the student sets the seed, so that they begin alike."""
    reached = accuracies(runs, SEEDED, "digits, same seed")
    groups = [reached[start : start + SPLITS_PER_SEED] for start in range(0, len(reached), SPLITS_PER_SEED)]
    misses = [sum(accuracy < DIGITS_BAR for accuracy in group) for group in groups]
    chance, rho = correlated(misses, SPLITS_PER_SEED, TRIES)
    return (
        f"Same seed: {SEEDED!r} on {SPLITS_PER_SEED} splits from each of {len(groups)} seeds: {sum(misses)} of "
        f"{len(reached)} trainings were below {DIGITS_BAR}, at most {max(misses)} of a seed's {SPLITS_PER_SEED}; the "
        f"correlation of two from one seed is {rho:.3f}, and {TRIES} from one seed all miss with probability "
        f"{chance:.1e}."
    )


def overview(runs: list[Run]) -> list[str]:
    """What single trainings reached, on digits and on alphabets."""
    lines = [
        "| solution | kind | digits: mean | least | alphabet: mean | least | greatest | 1 in 10,000 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for solution, kind in dict.fromkeys((run.solution, run.kind) for run in runs):
        known, fresh = accuracies(runs, solution, "digits"), accuracies(runs, solution, "alphabet")
        tail = f"{limit(fresh, RISK):.3f}" if kind == "right" else ""
        lines.append(
            f"| {solution} | {kind} | {fmean(known):.3f} | {min(known):.3f} "
            f"| {fmean(fresh):.3f} | {min(fresh):.3f} | {max(fresh):.3f} | {tail} |"
        )
    return lines


def accuracies(runs: list[Run], solution: str, data: str) -> list[float]:
    """What a solution reached on "alphabet" or "digits"."""
    return [run.accuracy for run in runs if run.solution == solution and run.data == data]


def alphabets_conclusion(runs: list[Run]) -> str:
    """How many trainings, how low the lowest, and the lowest of the limits."""
    right = [run for run in runs if run.kind == "right" and run.data == "alphabet"]
    names = dict.fromkeys(run.solution for run in right)
    lowest = min(limit(accuracies(runs, name, "alphabet"), RISK) for name in names)
    return (
        f"{len(right)} trainings of right solutions on {ALPHABETS} alphabets: the least accuracy was "
        f"{min(run.accuracy for run in right):.3f}, and the lowest limit for 1 in 10,000 is {lowest:.3f}."
    )


def write(text: str) -> None:
    """Put `text` between the markers of the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main() -> None:
    """Measure if asked to, and report."""
    parser = argparse.ArgumentParser(description="Measure the bars of train_classifier.")
    parser.add_argument("--measure", action="store_true", help="train what is not on record")
    torch.set_num_threads(1)
    if parser.parse_args().measure:
        record(measure(recorded()))
    write(report(recorded()))


if __name__ == "__main__":
    main()
