"""Make the two data files of hw8 from the UCI digits as scikit-learn ships them.

    python assignments/hw8/hidden/make_data.py digits.csv.gz

`digits.csv.gz` is `sklearn/datasets/data/digits.csv.gz`: 1,797 rows of 64 pixels in 0..16 and a label.  The
full set goes to `hidden/digits.npz`; the students' training split, 1,200 rows chosen once, to
`data/digits_train.npz`.  Both hold `images` uint8 (n, 8, 8) and `labels` uint8 (n,).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HIDDEN = Path(__file__).parent
STUDENTS_SEED = 1998  # the year of the data set; any fixed number would do
STUDENTS_SHARE = 1200


def main() -> None:
    """Read the table named on the command line and write both files."""
    parser = argparse.ArgumentParser(description="Make hw8's data files.")
    parser.add_argument("table", type=Path, help="scikit-learn's digits.csv.gz")
    table = np.loadtxt(parser.parse_args().table, delimiter=",").astype(np.uint8)
    images, labels = table[:, :64].reshape(-1, 8, 8), table[:, 64]
    write(HIDDEN / "digits.npz", images, labels)
    chosen = np.random.default_rng(STUDENTS_SEED).permutation(len(labels))[:STUDENTS_SHARE]
    write(HIDDEN.parent / "data" / "digits_train.npz", images[chosen], labels[chosen])


def write(path: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    """Write one compressed file."""
    np.savez_compressed(path, images=images, labels=labels)


if __name__ == "__main__":
    main()
