"""Worker's side: seeing what a part does not allow at the moment it is called, whatever name it goes by.

Three looks, since each sees what the others can't.  The operators are closed for the whole process (`operators`).  The
classes and NumPy functions that are not allowed refuse meanwhile.  And where a function that is not allowed may compute
without a closed operator, torch's function mode sees every call of torch's Python API by the function itself, an alias
or not; elsewhere it is left out, since with it each of a training loop's calls takes twice as long.

All this runs in the student's own process: it detects, it is no wall.  docs/security.md says what is left.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import BuiltinFunctionType, FrameType, MethodDescriptorType
from typing import Any, NamedTuple, NoReturn

import torch
from torch.overrides import TorchFunctionMode, _get_overridable_functions, resolve_name

from grader.sandbox.operators import (
    ClosedOperators,
    Rules,
    base_name,
    keys_of,
    known_operators,
    operators_named,
    pattern_of,
)
from grader.sandbox.protocol import ForbiddenRule

CLASS_HOLDERS = ("torch.nn", "torch.optim")
CLASS_METHODS = ("__init__", "forward", "step")
"""What of a forbidden class refuses; the last two since an object may have been made before."""

COMPILED = (BuiltinFunctionType, MethodDescriptorType)
SPECIAL_HOLDERS = ("fft", "linalg", "special")
"""Modules of torch's whose operators bear the module's name, too."""

BEST_KNOWN = ("torch.nn.functional.", "torch.linalg.")

INHERITED = object()


def get_ready() -> None:
    """Look up once, before workers are forked, what every watch will look up."""
    known_operators()
    function_name(torch.relu)


def look_up(rules: Rules) -> None:
    """The same for what only a watch under these rules will look up."""
    for operator in operators_named(rules):
        keys_of(operator)
    banned_places(rules)
    by_name(rules)


class ForbiddenCallError(BaseException):
    """Raised at a call that is not allowed.  A BaseException: `except Exception` doesn't hide it."""

    def __init__(self, operation: str, instead: str) -> None:
        super().__init__(f"{operation} is not allowed here; use {instead}")
        self.operation = operation
        self.instead = instead


class Watch:
    """Remembers the first forbidden call, so that catching the exception doesn't undo it."""

    def __init__(self, rules: Sequence[ForbiddenRule]) -> None:
        self.rules = tuple(rules)
        self.caught: ForbiddenCallError | None = None
        self.where: list[tuple[str, int]] = []
        self.paused = False

    def check(self, name: str) -> bool:
        """Whether the function or class is allowed; ForbiddenCallError where a rule names it, unless paused."""
        rule = next((rule for rule in self.rules if name_matches(name, rule)), None)
        if rule is not None and not self.paused:
            self.refuse(name, rule)
        return rule is None

    def refuse_operator(self, name: str) -> NoReturn:
        """ForbiddenCallError for an operator that a rule names, by the name that students know it by."""
        named = (rule for rule in self.rules if operation_matches(name, rule))
        rule = next(named, self.rules[0])
        self.refuse(known_as(name, rule), rule)

    def refuse(self, name: str, rule: ForbiddenRule) -> NoReturn:
        error = ForbiddenCallError(name, rule.instead)
        if self.caught is None:
            self.caught, self.where = error, callers(sys._getframe(1))
        raise error


def callers(frame: FrameType | None) -> list[tuple[str, int]]:
    """File and line of every frame from here outwards, outermost first."""
    found = []
    while frame is not None:
        found.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return found[::-1]


class FunctionWatch(TorchFunctionMode):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch
        self.allowed: set[Callable[..., Any]] = set()
        """The functions that have been looked at: a training loop calls the same few ten thousands of times."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Any = (),
        kwargs: Any = None,
    ) -> Any:
        if func not in self.allowed and self.watch.check(function_name(func)):
            self.allowed.add(func)
        return func(*args, **(kwargs or {}))


@contextmanager
def watching(rules: Sequence[ForbiddenRule], operators: ClosedOperators | None = None) -> Iterator[Watch]:
    """Within it, a call that `rules` forbid raises ForbiddenCallError and is remembered.

    `operators` stay closed afterwards, for the next call under the same rules; without, all is as before.
    """
    watch = Watch(rules)
    closed = operators or ClosedOperators()
    with ExitStack() as stack:
        closed.close(watch.rules, watch.refuse_operator)
        if operators is None:
            stack.callback(closed.open)
        if rules:
            stack.enter_context(refusing_places(watch))
        if by_name(watch.rules):
            stack.enter_context(FunctionWatch(watch))
        yield watch


@contextmanager
def refusing_places(watch: Watch) -> Iterator[None]:
    """Meanwhile forbidden classes can't be constructed or used, and NumPy's forbidden functions not be called."""
    changed: list[tuple[Any, str, Any]] = []
    try:
        for holder, attribute, name in banned_places(watch.rules):
            changed.append((holder, attribute, vars(holder).get(attribute, INHERITED)))
            setattr(holder, attribute, refusing(watch, name, getattr(holder, attribute)))
        yield
    finally:
        for holder, attribute, original in reversed(changed):
            if original is INHERITED:
                delattr(holder, attribute)
            else:
                setattr(holder, attribute, original)


def refusing(watch: Watch, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """Without `functools.wraps`, which would lay the original open."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        watch.check(name)
        return original(*args, **kwargs)

    return refuse


@functools.lru_cache(maxsize=32)
def banned_places(rules: Rules) -> tuple[tuple[Any, str, str], ...]:
    """Where what the rules name is looked up: a class or module, the attribute there, and the name it goes by."""
    methods = [
        (banned, method, name)
        for banned, name in banned_classes(rules)
        for method in CLASS_METHODS
        if method == "__init__" or method in vars(banned)
    ]
    return (*methods, *banned_numpy(rules))


def banned_numpy(rules: Rules) -> Iterator[tuple[Any, str, str]]:
    """NumPy's functions that the rules name: torch's modes don't see them."""
    for name in (name for rule in rules for name in rule.names if name.startswith("numpy.")):
        holder, _, attribute = name.rpartition(".")
        module = sys.modules.get(holder)
        if module is not None and attribute in vars(module):
            yield module, attribute, name


@functools.lru_cache(maxsize=32)
def banned_classes(rules: Rules) -> tuple[tuple[Any, str], ...]:
    """The classes of torch.nn and torch.optim that the rules name, each once, with its name."""
    found: dict[type, str] = {}
    for holder in CLASS_HOLDERS:
        module = sys.modules[holder]
        for attribute in dir(module):
            name, value = f"{holder}.{attribute}", getattr(module, attribute)
            if isinstance(value, type) and any(name_matches(name, rule) for rule in rules):
                found.setdefault(value, name)
    return tuple(found.items())


@functools.lru_cache(maxsize=4096)
def function_name(func: Callable[..., Any]) -> str:
    """torch's public name of a function, or for an operator "torch.ops.aten.linear.default"."""
    if isinstance(func, torch._ops.OpOverload | torch._ops.OpOverloadPacket):
        return f"torch.ops.{func}"
    return resolve_name(func) or f"torch.{getattr(func, '__name__', '')}"


class Nameable(NamedTuple):
    """A function of torch's, by its name, and the operator that it goes by.

    What is written in C++ calls that operator; a function in Python (`python`) may have a way of its own.
    """

    name: str
    operator: str
    python: bool


@functools.lru_cache(maxsize=1)
def nameable() -> tuple[Nameable, ...]:
    """All of torch's functions that a rule can name; asked for once, before workers are forked."""
    known: dict[Any, str] = dict(_get_overridable_functions()[1])
    for holder in (torch._C._VariableFunctions, torch._C._nn):
        for one in (getattr(holder, attribute) for attribute in dir(holder)):
            if isinstance(one, COMPILED) and one not in known:
                known[one] = function_name(one)
    functions = [
        Nameable(name, operator_of(name), not isinstance(function, COMPILED))
        for function, name in known.items()
        if not isinstance(function, type)
    ]
    operators = [Nameable(f"torch.ops.{name.replace('::', '.')}", name, False) for name in known_operators()]
    return tuple(sorted(functions, key=lambda one: preference(one.name)) + operators)


def operator_of(function: str) -> str:
    """By which operator a function goes: aten::relu for torch.relu, aten::linalg_inv for torch.linalg.inv."""
    holder, _, own = function.removeprefix("torch.").rpartition(".")
    return f"aten::{holder}_{own}" if holder in SPECIAL_HOLDERS else f"aten::{own}"


def preference(name: str) -> tuple[bool, bool]:
    """Of several names for the same, the least is the one that students know best; a method may be an operator sign."""
    return name.startswith("torch.Tensor."), not name.startswith(BEST_KNOWN)


@functools.lru_cache(maxsize=32)
def by_name(rules: Rules) -> bool:
    """Whether the rules name a function that may compute without an operator that they close."""
    named = pattern_of(tuple(name for rule in rules for name in rule.names))
    closed = {base_name(operator) for operator in operators_named(rules)}
    return any((one.python or one.operator not in closed) and named.match(one.name) for one in nameable())


def known_as(operator: str, rule: ForbiddenRule) -> str:
    """The name by which students know an operator, if the rule has it; else the operator's own."""
    base = base_name(operator)
    names = (one.name for one in nameable() if one.operator == base)
    return next((name for name in names if name_matches(name, rule)), operator)


@functools.lru_cache(maxsize=65536)
def name_matches(name: str, rule: ForbiddenRule) -> bool:
    return pattern_of(rule.names).match(name) is not None


@functools.lru_cache(maxsize=65536)
def operation_matches(name: str, rule: ForbiddenRule) -> bool:
    return pattern_of(rule.operations).match(base_name(name)) is not None
