"""Answering probes from the names of the running kernel: what a cell has just defined is what is checked.

A `LiveWorkers` has the interface of a sandbox and is none: it answers in this very process, by the worker's own
code, so messages are the same.  There is no time limit (interrupt the kernel instead), and calls that a part does not
allow are seen when they are made, not in the source.
"""

from __future__ import annotations

import random
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import numpy as np
import torch

from grader.sandbox import worker
from grader.sandbox.client import Worker
from grader.sandbox.limits import Limits
from grader.sandbox.loading import load_stand_ins, load_text, public_names
from grader.sandbox.operators import ClosedOperators
from grader.sandbox.protocol import Absent, Answered, Call, Load, Loaded, Raised, Refused, SourceFile

Names = dict[str, Any]
"""A namespace: a kernel's `__main__`."""


class LiveWorkers:
    """Where the examiner gets its workers from: they all look into the same names."""

    tier = "live"

    def __init__(self, names: Names, probes: list[SourceFile]) -> None:
        self.torch = str(torch.__version__)
        self._names = names
        self._probes = load_own(probes)

    def wait(self) -> None:
        """It is ready."""

    def open(self, limits: Limits) -> Worker:
        return LiveWorker(self._names, self._probes, limits)

    def lives(self) -> bool:
        """As long as the kernel, whose answers these are."""
        return True

    def close(self) -> None:
        """There is nothing to end."""


class LiveWorker(Worker):
    """Answers in this process what a `Worker` would ask another one."""

    def __init__(self, names: Names, probes: types.ModuleType, limits: Limits) -> None:
        self.open = True
        self._names = names
        self._probes = probes
        self._printed = worker.Printed(limits.output_kb * 1024)
        self._stand_ins: Names = {}

    def load(self, load: Load, seconds: float) -> Loaded:
        """Nothing is executed: it has been, cell by cell."""
        self._stand_ins = load_stand_ins(load)
        return Loaded(names=public_names(module_of(self._names)))

    def call(self, call: Call, seconds: float) -> Answered | Raised | Absent | Refused:
        """The student's namespace, output and random numbers are afterwards what they were.

        KeyboardInterrupt where the student interrupted it.
        """
        with self._undisturbed(), closing() as operators:
            desk = worker.Desk(
                self._probes, module_of(self._names), {}, load_text(None, ""), self._printed, operators
            )
            with redirect_stdout(self._printed), redirect_stderr(self._printed):
                reply = worker.answer(call, desk)
        if isinstance(reply, Raised) and reply.type == "KeyboardInterrupt":
            raise KeyboardInterrupt
        assert isinstance(reply, Answered | Raised | Absent | Refused)
        return reply

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        with replaced(self._names, self._stand_ins), same_random_numbers(), one_core():
            yield

    def finish_fork(self, seconds: float = 5.0) -> None:
        """There is none."""

    def close(self) -> None:
        self.open = False


def module_of(names: Names) -> types.ModuleType:
    """The names as they are now, as a module."""
    module = types.ModuleType("live")
    module.__dict__.update(names)
    return module


def load_own(probes: list[SourceFile]) -> types.ModuleType:
    """The probes as a module that a student's `import probes` does not meet afterwards."""
    before = sys.modules.get("probes")
    module = worker.load_probes(probes)
    if before is None:
        del sys.modules["probes"]
    else:
        sys.modules["probes"] = before
    return module


@contextmanager
def closing() -> Iterator[ClosedOperators]:
    """Operators that a call closes; afterwards the kernel has them all again."""
    operators = ClosedOperators()
    try:
        yield operators
    finally:
        operators.open()


@contextmanager
def replaced(names: Names, stand_ins: Names) -> Iterator[None]:
    """Meanwhile the stand-ins are what the student's other definitions find under these names."""
    own = {name: names[name] for name in stand_ins if name in names}
    names.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            names.pop(name, None)
        names.update(own)


@contextmanager
def one_core() -> Iterator[None]:
    """As at grading; networks as small as an exercise's are fastest so."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def same_random_numbers() -> Iterator[None]:
    """Checks seed the generators; what the student draws next does not depend on that."""
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
