"""What gradient descent arrives at, in float64 NumPy, and how far rounding may lead away from it.

A step is θ ← θ - lr·∂L/∂θ(θ), rounded.  Let e_t be the difference between the computed and the exact θ_t.
The models here are linear in their parameters and the losses are means of φ(prediction - target) with φ
convex and φ'' <= c, so by the mean value theorem

    e_{t+1} = (I - lr·H) e_t + δ_t,     0 <= H <= (c/M)·FᵀF,

with F the batch's features, M the number of elements averaged and δ_t the rounding of this one step.
Where lr <= 2 / λ_max((c/M)·FᵀF) the matrix has norm <= 1 and ‖e_{t+1}‖ <= ‖e_t‖ + ‖δ_t‖: errors add up and
are never amplified (B. T. Polyak, *Introduction to Optimization*, 1987, section 1.4, has the contraction).
With a = |F||θ|ᵀ + |y|, which bounds |prediction - target| and carries its rounding, Higham's rules give

    |δ_t| <= gamma(n)·( |θ| + lr·(c/M)·aᵀ|F| ),     n = features + batch size,

in any order of summation, and what else is rounded (φ', the mean's 1/M, lr) is in the tolerances' `OTHER`.
That the bound is evaluated at the exact θ and not at the computed one changes it by a factor 1 + O(gamma),
far within `SAFETY`.  Each output of a model has parameters of its own, so norms are taken output by output.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.examine import Expected, remembered
from grader.examine.tolerances import UNIT_ROUNDOFF

Array = NDArray[np.float64]
Given = NDArray[np.float32]
Batch = tuple[Given, Given]


@dataclass(frozen=True)
class Loss:
    """The mean over all elements of φ(prediction - target): φ, its derivative, and the greatest φ''."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    curvature: float


SQUARES = Loss(value=np.square, slope=lambda r: 2 * r, curvature=2.0)
HYPOTENUSES = Loss(value=lambda r: np.hypot(1, r), slope=lambda r: r / np.hypot(1, r), curvature=1.0)


@dataclass(frozen=True)
class Training:
    """What `train` must do: the parameters before each of its steps and at the end, and each epoch's loss."""

    steps: int
    weights: Expected
    biases: Expected
    losses: Expected


@dataclass(frozen=True)
class Step:
    """One step: where it leads, the bound's scale per output, and the loss before it with its own scale."""

    theta: Array
    rounding: Array
    loss: float
    loss_scale: float


def sgd_step(value: Given, gradients: list[Given], lr: float) -> Expected:
    """p - lr·g for each of the gradients in turn."""
    exact = value.astype(np.float64) - lr * np.sum(gradients, axis=0, dtype=np.float64)
    scale = np.abs(value) + lr * np.sum(np.abs(gradients), axis=0, dtype=np.float64)
    return Expected(exact, scale, terms=2 * len(gradients))


# --------------------------------------------------------------------------------------------- train


@remembered
def train(weight: Given, bias: Given, batches: list[Batch], loss: Loss, lr: float, epochs: int) -> Training:
    """Gradient descent on prediction = x Wᵀ + b, weight (out, in) and bias (out,), the bound as above.

    ValueError where `lr` is too large for the bound.
    """
    theta = np.column_stack([weight, bias]).astype(np.float64)
    thetas, scales, losses, loss_scales = [theta], [np.zeros(len(theta))], [], []
    for x, y in batches * epochs:
        step = one_step(thetas[-1], scales[-1], x, y, loss, lr)
        thetas.append(step.theta)
        scales.append(scales[-1] + step.rounding)
        losses.append(step.loss)
        loss_scales.append(step.loss_scale)
    sizes = np.array([len(x) for x, _ in batches])
    terms = weight.shape[1] + 1 + int(sizes.max())
    path, scale = np.stack(thetas), np.stack(scales)
    return Training(
        steps=len(batches) * epochs,
        weights=Expected(path[:, :, :-1], scale[:, :, np.newaxis], terms),
        biases=Expected(path[:, :, -1], scale, terms),
        losses=Expected(
            per_sample(losses, sizes), per_sample(loss_scales, sizes), terms * weight.shape[0] + len(sizes)
        ),
    )


def one_step(theta: Array, drift: Array, x: Given, y: Given, loss: Loss, lr: float) -> Step:
    """One step from `theta` (out, in + 1), where the bound's scale is `drift` (out,) already.

    The loss before the step differs by at most |φ'|·|error of the residual| <= c·a·(gamma·a + ‖f‖·‖e‖),
    element by element, and by the rounding of φ and of the mean.
    """
    features = with_ones(x)
    assert_contracts(features, y.size, loss, lr)
    residual = features @ theta.T - y
    size = np.abs(features) @ np.abs(theta).T + np.abs(y)
    gradient = loss.slope(residual).T @ features / y.size
    rounding = np.abs(theta) + lr * loss.curvature / y.size * size.T @ np.abs(features)
    moved = np.linalg.norm(features, axis=1)[:, np.newaxis] * drift
    values = loss.value(residual)
    return Step(
        theta=theta - lr * gradient,
        rounding=np.linalg.norm(rounding, axis=1),
        loss=float(np.mean(values)),
        loss_scale=float(np.mean(values + loss.curvature * size * (size + moved))),
    )


def assert_contracts(features: Array, elements: int, loss: Loss, lr: float) -> None:
    """ValueError where a step of size `lr` could amplify an error, so that the bound would not hold."""
    steepest = loss.curvature / elements * float(np.linalg.norm(features, 2)) ** 2
    if lr * steepest > 2:
        raise ValueError(f"a learning rate of {lr} is too large for these data: {lr * steepest:.3g} > 2")


def per_sample(values: list[float], sizes: NDArray[np.int64]) -> Array:
    """Each epoch's mean of per-batch values, weighted by the batches' sizes."""
    return np.reshape(values, (-1, len(sizes))) @ sizes / np.sum(sizes)


def with_ones(x: Given) -> Array:
    """The features (n, in) with a column of ones for the bias."""
    return np.column_stack([x, np.ones(len(x))]).astype(np.float64)


# ------------------------------------------------------------------------------------------ fit_line

START = 5.0
"""Greatest size of a slope or intercept that a fit may start from; `Linear` draws them from U(-1, 1)."""


def least_squares(x: Given, y: Given) -> Array:
    """The slope and the intercept (2,) of the line with the least mean squared error."""
    wide_x, wide_y = x.astype(np.float64), y.astype(np.float64)
    slope = np.mean((wide_x - wide_x.mean()) * (wide_y - wide_y.mean())) / np.var(wide_x)
    return np.array([slope, wide_y.mean() - slope * wide_x.mean()])


@remembered
def fitted_line(x: Given, y: Given, lr: float, epochs: int) -> Expected:
    """Where full-batch gradient descent on the mean squared error ends, from any usual start.

    With Hessian H and q = ‖I - lr·H‖ < 1 the distance from the least-squares line is at most q^epochs times
    that of the start, plus the rounding of all steps: a geometric sum, at most 1/(1 - q) of one step's.  That
    is bounded as above, for the greatest parameters on the way: no iterate is further from the line than the
    start.  ValueError where q >= 1.
    """
    line = least_squares(x, y)
    features, shrink = with_ones(x), contraction(x, lr)
    rate = float(np.linalg.norm(shrink, 2))
    if rate >= 1:
        raise ValueError(f"a learning rate of {lr} does not converge on these data")
    away = float(np.linalg.norm(np.abs(line) + START))
    furthest = np.abs(line) + away
    size = np.abs(features) @ furthest + np.abs(y)
    one = np.linalg.norm(furthest + lr * 2 / len(x) * size @ np.abs(features))
    unfinished = rate**epochs * away / UNIT_ROUNDOFF["float32"]
    return Expected(line, float(one / (1 - rate) + unfinished), terms=len(x) + 2)


@remembered
def start_of_fit(line: Array, x: Given, y: Given, lr: float, epochs: int) -> Array:
    """The slope and intercept from which so many steps of gradient descent lead to `line` (2,).

    θ_k - θ* = (I - lr·H)^k (θ_0 - θ*), solved for θ_0.
    """
    best = least_squares(x, y)
    shrink = np.linalg.matrix_power(contraction(x, lr), epochs)
    start: Array = best + np.linalg.solve(shrink, line - best)
    return start


def contraction(x: Given, lr: float) -> Array:
    """I - lr·H (2, 2), with H = (2/n)·FᵀF the Hessian of the mean squared error."""
    features = with_ones(x)
    shrink: Array = np.eye(2) - lr * 2 / len(x) * features.T @ features
    return shrink
