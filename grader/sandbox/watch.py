"""Worker's side: seeing what a part does not allow at the moment it is called, whatever name it goes by.

Three looks, since each sees what the others can't: torch's function mode sees every call of torch's Python
API by the function itself (an alias is the same function; `torch.ops` and `torch._C` too), its dispatch mode
sees the operators below, and the constructors of classes that are not allowed are replaced meanwhile.
"""

from __future__ import annotations

import fnmatch
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._python_dispatch import TorchDispatchMode

from grader.sandbox.protocol import ForbiddenRule

CLASS_HOLDERS = ("torch.nn", "torch.optim")


class ForbiddenCallError(BaseException):
    """Raised at a call that is not allowed.  A BaseException: `except Exception` doesn't hide it."""

    def __init__(self, operation: str, instead: str) -> None:
        super().__init__(f"{operation} is not allowed here; use {instead}")
        self.operation = operation
        self.instead = instead


class Watch:
    """Remembers the first forbidden call, so that catching the exception doesn't undo it."""

    def __init__(self, rules: Sequence[ForbiddenRule]) -> None:
        self.rules = rules
        self.caught: ForbiddenCallError | None = None
        self.where: list[tuple[str, int]] = []
        self.paused = False

    def check(self, name: str, matching: Callable[[str, ForbiddenRule], bool]) -> None:
        for rule in self.rules:
            if matching(name, rule) and not self.paused:
                error = ForbiddenCallError(name, rule.instead)
                if self.caught is None:
                    self.caught, self.where = error, callers(sys._getframe(1))
                raise error

    @property
    def operators(self) -> bool:
        return any(pattern.startswith("aten::") for rule in self.rules for pattern in rule.operations)


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

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Any = (),
        kwargs: Any = None,
    ) -> Any:
        self.watch.check(function_name(func), name_matches)
        return func(*args, **(kwargs or {}))


class OperatorWatch(TorchDispatchMode):
    def __init__(self, watch: Watch) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.watch = watch

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: torch would import its whole compiler to leave this class out of compiled graphs, and those
        are off in a worker anyway."""
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: Any = (),
        kwargs: Any = None,
    ) -> Any:
        self.watch.check(func._schema.name, operation_matches)
        return func(*args, **(kwargs or {}))


@contextmanager
def watching(rules: Sequence[ForbiddenRule]) -> Iterator[Watch]:
    """Within it, a call that `rules` forbid raises ForbiddenCallError and is remembered."""
    watch = Watch(rules)
    with ExitStack() as stack:
        if rules:
            stack.enter_context(forbidden_classes(watch))
            stack.enter_context(FunctionWatch(watch))
        if watch.operators:
            stack.enter_context(OperatorWatch(watch))
        yield watch


@contextmanager
def forbidden_classes(watch: Watch) -> Iterator[None]:
    """Meanwhile, constructing a forbidden class, or a subclass that calls its constructor, raises."""
    originals = {banned: banned.__init__ for banned, _ in banned_classes(tuple(watch.rules))}
    try:
        for banned, name in banned_classes(tuple(watch.rules)):
            banned.__init__ = refusing(watch, name, originals[banned])
        yield
    finally:
        for banned, original in originals.items():
            banned.__init__ = original


def refusing(watch: Watch, name: str, original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def construct(self: object, *args: Any, **kwargs: Any) -> None:
        watch.check(name, name_matches)
        original(self, *args, **kwargs)

    return construct


@functools.lru_cache(maxsize=32)
def banned_classes(rules: tuple[ForbiddenRule, ...]) -> tuple[tuple[Any, str], ...]:
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


@functools.lru_cache(maxsize=65536)
def name_matches(name: str, rule: ForbiddenRule) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in rule.names)


@functools.lru_cache(maxsize=65536)
def operation_matches(name: str, rule: ForbiddenRule) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in rule.operations)
