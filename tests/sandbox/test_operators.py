"""Operators that a part does not allow are closed for the whole process, whoever calls them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import nn

from grader.assignment import find_assignment
from grader.sandbox.operators import ClosedOperators, operators_named
from grader.sandbox.protocol import ForbiddenRule
from grader.sandbox.watch import ForbiddenCallError, watching

X, W, B = torch.ones(2, 3), torch.ones(4, 3), torch.ones(4)
GRAPH = (
    "graph(%x : Tensor, %w : Tensor, %b : Tensor):\n  %y : Tensor = aten::linear(%x, %w, %b)\n  return (%y)"
)


def with_modes_off() -> Any:
    with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
        return F.linear(X, W, B)


def in_a_thread() -> Any:
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(F.linear(X, W, B))
        except BaseException as error:  # noqa: BLE001 - to be raised where it is looked for
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def by_the_key_of_ones_choice() -> Any:
    keys = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)
    return torch.ops.aten.linear.default.redispatch(keys, X, W, B)


def from_a_graph() -> Any:
    return torch._C._create_function_from_graph("mapped", torch._C.parse_ir(GRAPH))(X, W, B)


HIDDEN: dict[str, Callable[[], Any]] = {
    "modes off": with_modes_off,
    "thread": in_a_thread,
    "key": by_the_key_of_ones_choice,
    "graph": from_a_graph,
    "inside of a cell": lambda: nn.RNNCell(3, 4)(X),
    "vmap": lambda: torch.vmap(lambda row, w: F.linear(row, w))(torch.ones(5, 2, 3), torch.ones(5, 4, 3)),
    "function transform": lambda: torch.func.grad(lambda x: F.linear(x, W).sum())(X),
    "gradient": lambda: F.linear(X, W.clone().requires_grad_()),
    "inference mode": lambda: torch.inference_mode()(lambda: F.linear(X, W, B))(),
    "mkldnn": lambda: torch.ops.mkldnn._linear_pointwise(X, W, B, "none", [], ""),
}


@pytest.fixture(scope="module")
def closed() -> Iterator[ClosedOperators]:
    operators = ClosedOperators()
    yield operators
    operators.open()


@pytest.mark.parametrize("way", sorted(HIDDEN))
def test_no_way_round_is_open(way: str, closed: ClosedOperators) -> None:
    """What torch's modes do not see is refused, and remembered."""
    # TorchScript wraps what it meets into an error of its own
    refused = pytest.raises((ForbiddenCallError, RuntimeError))
    with watching(find_assignment("hw8").part("linear").forbidden, closed) as watch, refused:
        HIDDEN[way]()
    assert watch.caught is not None


def test_operators_stay_closed_until_other_rules_hold(closed: ClosedOperators) -> None:
    """From call to call they stay closed; under other rules they work again."""
    with watching(find_assignment("hw8").part("linear").forbidden, closed):
        pass
    with pytest.raises(ForbiddenCallError):
        F.linear(X, W, B)
    with watching((), closed):
        assert F.linear(X, W, B).shape == (2, 4)


def test_gradients_are_as_before_once_opened() -> None:
    """Opened again, an operator has its own kernels, autograd's included."""
    with watching(find_assignment("hw8").part("linear").forbidden):
        pass
    weight = W.clone().requires_grad_()
    F.linear(X, weight, B).sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(weight.grad, torch.full((4, 3), 2.0))


def test_overloads_are_included_and_lookalikes_are_not() -> None:
    """A pattern names operators, overloads and all, and not those that merely sound alike."""
    conv = find_assignment("hw8").part("conv").forbidden
    named = operators_named(tuple(conv))
    assert {"aten::conv2d", "aten::conv2d.padding", "mkldnn::_convolution_pointwise"} <= set(named)
    assert not [name for name in named if "_convert_" in name]
    assert operators_named((ForbiddenRule(names=("torch.nn.Linear",), instead=""),)) == ()


NAMED = """
import os, sys, torch
from grader.sandbox.operators import ClosedOperators, kernels, out_of_turn
from grader.sandbox.protocol import ForbiddenRule

torch.set_num_threads(1)
x, w, image, kernel = torch.rand(3, 4), torch.rand(5, 4), torch.rand(1, 2, 5, 5), torch.rand(3, 2, 3, 3)
calls = {
    "linear": (x, w), "relu": (x - 0.5,), "relu6": (x - 0.5,), "mse_loss": (x, x + 1),
    "convolution": (image, kernel, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1),
    "max_pool2d_with_indices": (image, [2, 2]), "linalg_inv_ex": (torch.eye(3),),
}
first = lambda result: result[0] if isinstance(result, tuple) else result
right = {name: first(getattr(torch.ops.aten, name).default(*given)).clone() for name, given in calls.items()}
rule = ForbiddenRule(names=(), instead="", operations=tuple(f"aten::{name}*" for name in calls))
closed = ClosedOperators()
if sys.argv[1] == "closed":
    closed.close((rule,), out_of_turn)
through = []


def tried(names, key):
    # which of them compute under this key; some keys end the process, and what is left is tried in another
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(2)
        for name in names:
            os.write(writing, b"?")
            given = [one.clone().requires_grad_() if isinstance(one, torch.Tensor) else one for one in calls[name]]
            keys = torch._C.DispatchKeySet(getattr(torch._C.DispatchKey, key))
            try:
                result = first(getattr(torch.ops.aten, name).default.redispatch(keys, *given))
                found = torch.allclose(result.detach(), right[name])
            except BaseException:
                found = False
            os.write(writing, b"1" if found else b"0")
        os._exit(0)
    os.close(writing)
    os.wait()
    said = os.read(reading, 1000).decode().replace("?0", "0").replace("?1", "1").replace("?", "0")
    os.close(reading)
    return said


for key in kernels():
    said, names = "", list(calls)
    while len(said) < len(names):
        said += tried(names[len(said):], key)
    through += [(name, key) for name, told in zip(names, said) if told == "1"]
for name in ("linear", "relu6"):
    try:
        getattr(torch.ops.aten, name).default.decompose(*calls[name])
        through.append((name, "decompose"))
    except RuntimeError:
        pass
print(len(through), through[:5])
"""


@pytest.mark.parametrize(("how", "most"), [("closed", 0), ("open", 10_000)])
def test_no_key_leads_round(how: str, most: int) -> None:
    """Whatever dispatch key is named, also one of a backend that is not there, the operator computes nothing; open,
    many keys lead to it."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NAMED, how], capture_output=True, text=True, timeout=110
    )
    count = int(done.stdout.split()[0])
    assert count <= most, done.stdout
    assert (count > 100) is (how == "open"), done.stdout
