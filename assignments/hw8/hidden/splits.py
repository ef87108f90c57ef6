"""What `train_classifier` is asked to learn, and what its result is scored on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Training samples, which travel, and held-out ones, which never leave the examiner.

    `images` and `held_images` are float32 (n, 1, 8, 8) in [0, 1]; `labels` and `held_labels` are int64 (n,)
    in 0..9.
    """

    images: Images
    labels: Labels
    held_images: Images
    held_labels: Labels
