"""The 1,797 handwritten digits: fresh splits, with the classes relabelled at random.

Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
Repository, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0; see `data/SOURCE.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from splits import Images, Labels, Split

FILE = Path(__file__).with_name("digits.npz")
TRAINING = 1200
WHITE = 16.0


@dataclass(frozen=True)
class RelabelledDigits:
    """A split of the digits whose classes go by other numbers: digit d is called `names[d]`."""

    split: Split
    names: Labels

    def digits(self, labels: Labels) -> Labels:
        """The digits that `labels` stand for."""
        meaning = np.empty_like(self.names)
        meaning[self.names] = np.arange(len(self.names))
        return meaning[labels]


def load() -> tuple[Images, Labels]:
    """All images, float32 (1797, 1, 8, 8) in [0, 1], and the digits they show, int64 (1797,)."""
    with np.load(FILE, allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    return (images[:, np.newaxis] / WHITE).astype(np.float32), labels.astype(np.int64)


def fresh_split(draw: np.random.Generator) -> RelabelledDigits:
    """1,200 digits to train on and 597 to score on, under a random permutation of the labels."""
    images, digits = load()
    order = draw.permutation(len(digits))
    names = draw.permutation(10)
    labels = names[digits]
    train, held = order[:TRAINING], order[TRAINING:]
    return RelabelledDigits(Split(images[train], labels[train], images[held], labels[held]), names)
