"""Worker's side: operators that a part does not allow are closed for the whole process, below Python.

The kernels of these operators are replaced in torch's dispatcher by one that refuses.  So it makes no difference
who calls them and how: an alias, `torch.ops`, TorchScript's interpreter, the C++ inside of `nn.RNN`, a thread, a
function transform, code that has switched torch's modes off.  And since the refusing kernel computes nothing,
there is nothing to gain by catching what it raises.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import itertools
import re
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import torch

from grader.sandbox.protocol import ForbiddenRule

Refuse = Callable[[str], NoReturn]
Rules = tuple[ForbiddenRule, ...]

LEADING_PAST = ("aten::to_mkldnn*", "aten::mkldnn_reorder_*", "mkldnn::_reorder_*")
"""What makes tensors of oneDNN's: TorchScript has operators of its own for those, which the dispatcher doesn't know."""

PASSING_ON = ("Autograd", "ADInplaceOrView", "Functionalize", "Autocast")
"""Dispatch keys, by how they begin, whose kernels in `aten` compute no numbers: torch generates them to note down, to
copy or to cast what they are given, and to call the same operator again under the keys that are left.  (torchgen,
"VariableType", "ADInplaceOrViewType", "RegisterFunctionalization"; aten's autocast_mode.h.)  Meta is none of them: some
of its kernels are formulas in Python, which compute if they are given numbers."""


class ClosedOperators:
    """The operators closed in this process at present.  Closing takes up to 0.1 s, so they stay closed from call to
    call, until other rules hold."""

    def __init__(self) -> None:
        self._rules: Rules = ()
        self._libraries: dict[str, Any] = {}
        self._refuse: Refuse = out_of_turn

    def close(self, rules: Rules, refuse: Refuse) -> None:
        """Have every call of an operator that the rules name end in `refuse(name)`, and no other."""
        self._refuse = refuse
        if rules != self._rules:
            kept = self._libraries  # a library's end gives its operator back its own kernels
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch warns of a kernel that is replaced
                self._libraries = {
                    name: kept.get(name) or self._closed(name) for name in operators_named(rules)
                }
            self._rules = rules

    def open(self) -> None:
        """Give all operators their own kernels back."""
        self._libraries = {}
        self._rules = ()

    def _closed(self, name: str) -> Any:
        def refusing(*_: object, **__: object) -> NoReturn:
            self._refuse(name)

        library = torch._C._dispatch_library("IMPL", name.partition("::")[0], "", __file__, 0)
        for key in keys_of(name):
            library.impl(name, key, refusing)
        return library


def out_of_turn(name: str) -> NoReturn:
    raise RuntimeError(f"{name} is closed")


@functools.lru_cache(maxsize=1)
def known_operators() -> dict[str, tuple[str, ...]]:
    """Every operator by its name without an overload: {"aten::linear": ("aten::linear", "aten::linear.out")}.

    Asked for once before workers are forked: their rules are many, torch's operators always the same.
    """
    known = sorted(torch._C._dispatch_get_all_op_names())
    return {name: tuple(group) for name, group in itertools.groupby(known, key=base_name)}


@functools.lru_cache(maxsize=4096)
def keys_of(operator: str) -> tuple[str, ...]:
    """The dispatch keys under which the operator has a kernel of its own that computes, those that stand for many keys
    among them.

    Under every other key a call is passed on to one of these or finds nothing: so with all of them replaced there is
    none left to be named, as `OpOverload.redispatch` and `OpOverload.decompose` do.
    """
    passing_on = PASSING_ON if operator.startswith("aten::") else ()
    return tuple(key for key, has in kernels().items() if operator in has and not key.startswith(passing_on))


@functools.lru_cache(maxsize=1)
def kernels() -> dict[str, frozenset[str]]:
    """For every key that can be named, the operators that have a kernel under it; asked for once, as
    `known_operators`."""
    found: dict[str, frozenset[str]] = {}
    for key in torch._C.DispatchKey.__members__:
        if key != "Undefined" and not key.startswith(("StartOf", "EndOf")):
            with contextlib.suppress(RuntimeError):  # unknown by this name
                found[key] = frozenset(torch._C._dispatch_get_registrations_for_dispatch_key(key))
    return found


def base_name(operator: str) -> str:
    """Without the overload: "aten::linear" of "aten::linear.out"."""
    return operator.partition(".")[0]


@functools.lru_cache(maxsize=32)
def operators_named(rules: Rules) -> tuple[str, ...]:
    """Every operator with its overloads that the rules' patterns name, and what leads past all of them.

    A pattern leaves overloads out.
    """
    patterns = {pattern for rule in rules for pattern in rule.operations}
    named = pattern_of(tuple(sorted(patterns | set(LEADING_PAST if patterns else ()))))
    return tuple(full for name, group in known_operators().items() if named.match(name) for full in group)


@functools.lru_cache(maxsize=256)
def pattern_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Matches what any of the patterns, as `fnmatch` knows them, matches; nothing where there is none."""
    return re.compile("|".join(map(fnmatch.translate, patterns)) or r"(?!)")
