"""Loading a student's module: statement by statement, so that one that fails costs only what needed it."""

from __future__ import annotations
import __future__

import ast
import builtins
import linecache
import os
import signal
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from grader.sandbox import packing, stubs
from grader.sandbox.accounts import MAX_FRAMES, raised
from grader.sandbox.protocol import Load, Loaded, ProtocolError, Raised, SourceFile

MAX_NAMES = 1000
PIECE_SECONDS = 10.0
"""How long one cell may take where a notebook has to be executed cell by cell."""


class MissingNameError(BaseException):
    """A probe asked the student's module for a name that it lacks; `cause` is what kept it from being defined."""

    def __init__(self, name: str, cause: Raised | None) -> None:
        super().__init__(name)
        self.name = name
        self.cause = cause


class Student:
    """What a probe sees of the student's module: its names, and a verdict where one is missing."""

    def __init__(self, module: types.ModuleType, troubles: dict[str, Raised]) -> None:
        self.__module = module
        self.__troubles = troubles

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__module.__dict__[name]
        except KeyError:
            raise MissingNameError(name, self.__troubles.get(name)) from None


class Loading:
    """A module on its way: what it has so far, and what went wrong, by the names that were to be defined."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.module = types.ModuleType(load.module)
        self.replacements = load_stand_ins(load)
        self.troubles: dict[str, Raised] = {}
        self.flags = 0

    def run(self) -> Loaded | Raised:
        """Execute every piece; `Raised` only where that leaves no class and no function at all."""
        sys.modules[self.load.module] = self.module
        sys.path.append(os.getcwd())
        builtins.display = display  # type: ignore[attr-defined]  # as in every notebook
        sys.meta_path.insert(0, stubs.StubFinder(self.load.stubs))
        for piece in self.load.pieces:
            with limited_time() if self.load.tolerant else nullcontext():
                self.execute(piece)
        if self.replacements:
            replace_in_helpers(self.replacements)
        names = public_names(self.module)
        first = next(iter(self.troubles.values()), None)
        if first is not None and not {"class", "function"}.intersection(names.values()):
            return first
        told = [f"{trouble.type}: {trouble.message[:200]}" for trouble in self.troubles.values()]
        return Loaded(names=names, troubles=told[:MAX_FRAMES])

    def execute(self, piece: SourceFile) -> None:
        """Statement by statement: names that are replaced are so for each that follows, and one that raises is
        noted and does not stop the next."""
        lines = [line + "\n" for line in piece.source.splitlines()]
        linecache.cache[piece.name] = (len(piece.source), None, lines, piece.name)
        self.module.__dict__.update(self.replacements)
        try:
            statements = ast.parse(piece.source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self.troubles.setdefault(piece.name, raised(error, 0, 0, ""))
            return
        for statement in statements:
            self.execute_one(statement, piece.name)

    def execute_one(self, statement: ast.stmt, name: str) -> None:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            self.flags |= future_flags(statement)
        try:
            code = compile(ast.Module([statement], []), name, "exec", flags=self.flags, dont_inherit=True)
            exec(code, self.module.__dict__)
        except BaseException as error:  # noqa: BLE001 - the sandbox's edge
            trouble = raised(error, 0, 0, "")
            for bound in list(bound_names(statement)) or [name]:
                self.troubles.setdefault(bound, trouble)
        self.module.__dict__.update(self.replacements)


def future_flags(statement: ast.ImportFrom) -> int:
    """The compiler's flags that `from __future__ import ...` turns on, for what follows it."""
    features = (getattr(__future__, alias.name, None) for alias in statement.names)
    return sum(feature.compiler_flag for feature in features if feature is not None)


def bound_names(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement would have bound."""
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]


def public_names(module: types.ModuleType) -> dict[str, str]:
    public = [(name, value) for name, value in module.__dict__.items() if not name.startswith("_")]
    return {packing.plain_text(name, 200): kind_of(value) for name, value in public[:MAX_NAMES]}


@contextmanager
def limited_time() -> Iterator[None]:
    """A statement that takes too long is interrupted, again and again while it goes on; what follows has its turn.

    Where the system has no alarm (Windows) the time of the whole load is the only limit.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    previous = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, PIECE_SECONDS, PIECE_SECONDS)
    try:
        yield
    except TimeoutError:
        pass  # it came between two statements
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def out_of_time(*_: object) -> None:
    raise TimeoutError(f"it took longer than {PIECE_SECONDS:g} s")


def lay_out(load: Load, folder: str) -> None:
    """Write the submission's own files; their paths were made safe by intake, and are checked again."""
    for path, content in load.files.items():
        target = os.path.normpath(os.path.join(folder, path))
        if not target.startswith(folder + os.sep):
            raise ProtocolError(f"a file outside of the submission: {path}")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)


def load_text(source: str | None, name: str) -> types.ModuleType:
    """A module of the assignment's own, from its text; empty where there is none."""
    module = types.ModuleType(name)
    if source is not None:
        exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    return module


def display(*objects: Any, **_: Any) -> None:
    """A notebook's own, without pictures."""
    for shown in objects:
        print(shown)  # noqa: T201 - the student's output, which is kept like all of it


def load_stand_ins(load: Load) -> dict[str, Any]:
    """PyTorch's own pieces, under the names that take the student's place."""
    if load.stand_ins is None:
        return {}
    pieces = load_text(load.stand_ins, "stand_ins")
    return {name: pieces.__dict__[name] for name in load.replace if name in pieces.__dict__}


def replace_in_helpers(replacements: dict[str, Any]) -> None:
    """The student's own helper modules use the replacements too."""
    for module in list(sys.modules.values()):
        if (getattr(module, "__file__", None) or "").startswith("/submission/"):
            found = {name: piece for name, piece in replacements.items() if name in module.__dict__}
            module.__dict__.update(found)


def kind_of(value: object) -> str:
    if isinstance(value, type):
        return "class"
    return "function" if isinstance(value, types.FunctionType) else packing.type_name(value)
