"""What a part does not allow is seen at the moment it is called, whatever name it goes by."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import nn

from grader.assignment import find_assignment
from grader.sandbox.operators import operators_named
from grader.sandbox.protocol import ForbiddenRule
from grader.sandbox.watch import ForbiddenCallError, banned_places, by_name, look_up, watching

X, W, B = torch.ones(2, 3), torch.ones(4, 3), torch.ones(4)
IMAGE, KERNEL = torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3)


def rules(part: str) -> tuple[ForbiddenRule, ...]:
    return find_assignment("hw8").part(part).forbidden


class Disguised(nn.Linear):
    """A subclass by another name."""


ALIAS = F.linear
BANNED: list[tuple[str, Callable[[], Any]]] = [
    ("linear", lambda: F.linear(X, W, B)),
    ("linear", lambda: ALIAS(X, W)),
    ("linear", lambda: getattr(F, "lin" + "ear")(X, W)),
    ("linear", lambda: torch._C._nn.linear(X, W)),
    ("linear", lambda: torch.ops.aten.linear(X, W)),
    ("linear", lambda: torch.ops.aten.linear.default(X, W)),
    ("linear", lambda: functools.partial(F.linear, weight=W)(X)),
    ("linear", lambda: nn.Linear(3, 4)(X)),
    ("linear", lambda: Disguised(3, 4)),
    ("linear", lambda: nn.LazyLinear(4)),
    ("linear", lambda: nn.Bilinear(3, 3, 2)(X, X)),
    ("linear", lambda: torch.vmap(lambda row: F.linear(row, W))(X)),
    ("conv", lambda: F.conv2d(IMAGE, KERNEL)),
    ("conv", lambda: torch.conv2d(IMAGE, KERNEL)),
    ("conv", lambda: torch.convolution(IMAGE, KERNEL, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)),
    (
        "conv",
        lambda: torch.ops.aten.convolution(IMAGE, KERNEL, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1),
    ),
    ("conv", lambda: torch.mkldnn_convolution(IMAGE, KERNEL, None, [0, 0], [1, 1], [1, 1], 1)),
    ("conv", lambda: nn.Conv2d(1, 1, 3)(IMAGE)),
    ("conv", lambda: F.conv_transpose2d(IMAGE, KERNEL)),
    ("activations", lambda: F.relu(X)),
    ("activations", lambda: X.relu()),
    ("activations", lambda: torch.relu_(X.clone())),
    ("activations", lambda: nn.ReLU()(X)),
    ("activations", lambda: F.relu6(X)),
    ("activations", lambda: F.max_pool2d(IMAGE, 2)),
    ("activations", lambda: F.adaptive_max_pool2d(IMAGE, 2)),
    ("activations", lambda: nn.MaxPool2d(2)(IMAGE)),
    ("activations", lambda: nn.Flatten()(IMAGE)),
    ("mse", lambda: F.mse_loss(X, X + 1)),
    ("mse", lambda: nn.MSELoss()(X, X + 1)),
    ("mse", lambda: F.mse_loss(X, X + 1, **{"weight": X})),  # type: ignore[arg-type] # by a formula in Python
    ("mse", lambda: torch._C._nn.mse_loss(X, X + 1)),
    ("training", lambda: torch.optim.SGD([W.clone().requires_grad_()], lr=0.1)),
    ("training", lambda: torch.linalg.lstsq(X, X)),
    ("training", lambda: torch.linalg.pinv(X)),
    ("training", lambda: torch.triangular_solve(X.T, torch.eye(3))),
]
ALLOWED: list[tuple[str, Callable[[], Any]]] = [
    ("linear", lambda: X @ W.T + B),
    ("linear", lambda: torch.addmm(B, X, W.T)),
    ("linear", lambda: torch.einsum("ni,oi->no", X, W)),
    ("linear", lambda: F.conv1d(X[None], W[:, :2, None])),
    ("conv", lambda: F.unfold(F.pad(IMAGE, (1, 1, 1, 1)), 3)),
    ("conv", lambda: F.linear(X, W)),
    ("conv", lambda: IMAGE.unfold(2, 3, 1)),
    ("conv", lambda: torch.fft.rfft2(IMAGE)),
    ("activations", lambda: torch.clamp(X, min=0)),
    ("activations", lambda: torch.flatten(IMAGE, 1)),
    ("activations", lambda: IMAGE.unfold(2, 2, 2).amax(-1)),
    ("mse", lambda: ((X - 1) ** 2).mean()),
    ("training", lambda: F.mse_loss(X, X + 1)),
    ("training", lambda: torch._foreach_add_([X.clone()], [X], alpha=-0.1)),
    ("cnn", lambda: nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU(), nn.Flatten(), nn.Linear(9, 2))(IMAGE)),
]


@pytest.mark.parametrize("case", range(len(BANNED)))
def test_a_banned_call_is_refused(case: int) -> None:
    """It raises, and says what to use instead."""
    part, banned = BANNED[case]
    with watching(rules(part)) as watch, pytest.raises(ForbiddenCallError):
        banned()
    assert watch.caught is not None
    assert watch.caught.instead


@pytest.mark.parametrize("case", range(len(ALLOWED)))
def test_an_allowed_call_goes_through(case: int) -> None:
    """What a part allows, or another part alone forbids, is left alone."""
    part, allowed = ALLOWED[case]
    with watching(rules(part)) as watch:
        allowed()
    assert watch.caught is None


def test_catching_the_exception_does_not_help() -> None:
    """A call that was made is remembered, whatever the code does about it."""
    with (
        watching(rules("linear")) as watch,
        contextlib.suppress(BaseException),
    ):  # just as a student's code might
        F.linear(X, W)
    assert watch.caught is not None


NAMES_OF_REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    ("linear", lambda: ALIAS(X, W), "torch.nn.functional.linear"),
    ("linear", lambda: nn.RNNCell(3, 4)(X), "torch.nn.functional.linear"),
    ("conv", lambda: torch.conv2d(IMAGE, KERNEL), "torch.nn.functional.conv2d"),
    ("training", lambda: torch.ops.aten.linalg_inv(torch.eye(2)), "torch.linalg.inv"),
    (
        "linear",
        lambda: torch.ops.mkldnn._linear_pointwise(X, W, B, "none", [], ""),
        "mkldnn::_linear_pointwise",
    ),
]


@pytest.mark.parametrize("case", range(len(NAMES_OF_REFUSED)))
def test_an_operator_is_told_by_the_name_that_students_know(case: int) -> None:
    """Where the rule has one; what goes by no other name is told by its own."""
    part, banned, name = NAMES_OF_REFUSED[case]
    with watching(rules(part)) as watch, pytest.raises(ForbiddenCallError):
        banned()
    assert watch.caught is not None
    assert watch.caught.operation == name


@pytest.mark.parametrize(
    ("names", "operations", "needed"),
    [
        (("torch.linalg.inv", "torch.nn.Linear"), ("aten::linalg_inv",), False),
        (("torch.linalg.inv", "torch.linalg.pinv"), ("aten::linalg_inv",), True),
        (("torch.nn.functional.mse_loss",), ("aten::mse_loss*",), True),
        (("torch.ops.aten.relu",), (), True),
        (("torch.Tensor.relu_",), ("aten::relu*",), False),
        (("numpy.*",), (), False),
    ],
)
def test_calls_are_looked_at_one_by_one_only_where_no_operator_tells(
    names: tuple[str, ...], operations: tuple[str, ...], needed: bool
) -> None:
    """That is where a function that is named may compute without a closed operator: then it is refused, too."""
    assert by_name((ForbiddenRule(names=names, operations=operations, instead=""),)) is needed


def test_a_rule_without_operators_holds() -> None:
    """An instructor may name functions alone: an alias of one is refused when it is called."""
    with watching((ForbiddenRule(names=("torch.nn.functional.linear",), instead="a product"),)) as watch:
        with pytest.raises(ForbiddenCallError):
            ALIAS(X, W)
        assert (X @ W.T).shape == (2, 4)
    assert watch.caught is not None


def test_what_was_looked_up_before_is_not_looked_up_again() -> None:
    """The zygote does it once; a worker gets equal rules in a message, not the same ones."""
    for part in find_assignment("hw8").parts:
        look_up(part.forbidden)
        misses = operators_named.cache_info().misses, banned_places.cache_info().misses
        with watching(tuple(msgspec.structs.replace(rule) for rule in part.forbidden)):
            pass
        assert (operators_named.cache_info().misses, banned_places.cache_info().misses) == misses


def test_afterwards_everything_is_as_before() -> None:
    """Classes that were not allowed work again once the probe is over."""
    with watching(rules("linear")):
        pass
    assert nn.Linear(3, 4)(X).shape == (2, 4)
