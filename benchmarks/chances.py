"""What a record of trainings says about trainings to come: the statistics of benchmarks/bars.py."""

from __future__ import annotations

import math
from statistics import NormalDist, fmean, stdev

CONFIDENCE = 0.95  # with which the limits below hold


def limit(accuracies: list[float], risk: float) -> float:
    """The accuracy that a further training falls below with probability `risk` at most.

    A one-sided normal tolerance limit, with confidence `CONFIDENCE`, on the angles arcsin(sqrt(1 - accuracy)):
    the transformation that gives shares an even variance (F. J. Anscombe, *Biometrika* 35, 1948).  It is the
    mean + k·s, with Natrella's approximation of k (*Experimental Statistics*, NBS Handbook 91, 1963, section 2-5).
    """
    angles = [math.asin(math.sqrt(1 - accuracy)) for accuracy in accuracies]
    count, z, trust = len(angles), NormalDist().inv_cdf(1 - risk), NormalDist().inv_cdf(CONFIDENCE)
    a, b = 1 - trust**2 / (2 * (count - 1)), z**2 - trust**2 / count
    k = (z + math.sqrt(z**2 - a * b)) / a
    return 1 - math.sin(min(fmean(angles) + k * stdev(angles), math.pi / 2)) ** 2


def at_most(misses: int, count: int) -> float:
    """A training's probability to miss, with confidence `CONFIDENCE` at most (C. J. Clopper and E. S. Pearson,
    *Biometrika* 26, 1934): with a greater one, so few misses in so many trainings would be too rare."""
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        rare = sum(math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(misses + 1))
        low, high = (share, high) if rare > 1 - CONFIDENCE else (low, share)
    return high


def none_reaches(misses: int, count: int, tries: int) -> float:
    """The share of all choices of `tries` trainings among `count` that are choices of misses."""
    return math.comb(misses, tries) / math.comb(count, tries)


def best_of_tries(reached: list[float], tries: int) -> float:
    """The mean, over all choices of `tries` of these trainings, of the best."""
    chances = [math.comb(below, tries - 1) for below in range(len(reached))]
    weighed = sum(chance * accuracy for chance, accuracy in zip(chances, sorted(reached), strict=True))
    return weighed / math.comb(len(reached), tries)


def correlated(misses: list[int], size: int, tries: int) -> tuple[float, float]:
    """The probability that `tries` trainings from one seed all miss, and the correlation of two of their misses.

    `misses` counts each seed's among `size`; a seed's own share of misses is taken as drawn from a beta distribution,
    fitted by its moments.
    """
    shares = [count / size for count in misses]
    mean = fmean(shares)
    between, within = size * stdev(shares) ** 2, size / (size - 1) * fmean(p * (1 - p) for p in shares)
    rho = max(0.0, (between - within) / (between + (size - 1) * within or 1.0))
    steps = [(mean * (1 - rho) + k * rho) / (1 - rho + k * rho) for k in range(tries)]
    return math.prod(steps), rho
