"""Operations that an exercise does not allow, found in the source: in what the exercise needs, nowhere else.

A hit is a use of the operation's name, however it's reached (see `resolve`), within the definitions that an
exercise needs, the submission's own helper modules included.  The search stops at the names of other
exercises: what `Linear` does wrong is not held against `CNN`.  Comments, texts, annotations, `isinstance` and
scratch cost nothing.  What hides from the text is seen when it runs.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Final

from grader.intake.helpers import Helpers
from grader.intake.mentions import Use, uses_in
from grader.intake.parsing import parse_again
from grader.intake.records import Contract, Hit, Submission
from grader.intake.resolve import MAX_VALUES, NOTHING, Frame, Value, bound_values, imported, union
from grader.intake.slicing import BUILTINS, Graph, graph_of, slice_of
from grader.intake.units import Unit
from grader.sandbox.protocol import ForbiddenRule, SourceFile

MAX_ALIASES: Final = 30
"""How many aliases of aliases are followed."""

REACHING: Final = ForbiddenRule(
    names=(
        "grader", "grader.*", "probes", "probes.*", "ctypes", "ctypes.*", "gc.get_objects", "gc.get_refer*",
        "sys._getframe", "sys._current_frames", "sys.settrace", "sys.setprofile", "threading.settrace*",
        "threading.setprofile*", "inspect.currentframe", "inspect.stack", "inspect.trace", "sys.addaudithook",
        "torch.overrides.TorchFunctionMode", "torch.overrides._*", "torch.utils._python_dispatch.*",
        "torch._C.DisableTorchFunction*", "torch._C._DisableTorch*", "torch._C._dispatch*", "torch._C._*mode*",
        "torch._C._*torch_function_stack*", "torch._C._*torch_dispatch_stack*", "torch._C._AutoDispatch*",
        "torch._C._ExcludeDispatchKeyGuard", "torch._C._ForceDispatchKeyGuard", "torch.library.*", "torch._ops.*",
        "torch._C._jit*", "torch._C._lazy*", "torch._C._load_*", "torch._C._te*", "torch._C._nativert*",
        "torch._C._fuse*", "torch._C.StaticModule",
        "torch.ops.prim.*", "torch._refs.*", "torch._decomp.*", "torch._prims.*", "torch._meta_registrations.*",
    ),
    instead="PyTorch's own public operations; what watches over them is left alone",
)  # fmt: skip
"""Beside what a part does not allow: reaching round what sees to it at run time.  Only such parts have this."""

Place = tuple[str, str]
"""A module of the submission ("" for the one that counts) and a name in it."""


class Code:
    """A submission's code, ready to be searched: parsed once, each statement looked at once."""

    def __init__(
        self, pieces: Sequence[SourceFile], names: Iterable[str], files: Mapping[str, bytes] | None = None
    ) -> None:
        self.names = frozenset(names)
        self.helpers = Helpers(files or {})
        self.main = _Source(
            self, {at: parse_again(piece.source) or ast.Module([], []) for at, piece in enumerate(pieces)}, ""
        )
        self.main.files = {at: (piece.name, piece.source.split("\n")) for at, piece in enumerate(pieces)}
        self._sources: dict[str, _Source] = {"": self.main}

    def source(self, module: str) -> _Source | None:
        """One module of the submission; None where there is none by that name, or it doesn't parse."""
        helper = self.helpers.modules.get(module)
        if module not in self._sources and helper is not None and helper.tree is not None:
            source = _Source(self, {0: helper.tree}, helper.package)
            source.files = {0: (helper.path, helper.parsed[0].split("\n"))}
            self._sources[module] = source
        return self._sources.get(module)

    def own_place(self, dotted: str) -> Place | None:
        """The submission's own module and the name in it that a dotted name leads to."""
        parts = dotted.split(".")
        for count in range(len(parts) - 1, 0, -1):
            module = ".".join(parts[:count])
            if module in self.helpers.modules and parts[0] in self.helpers.tops:
                return module, parts[count]
        return None


class _Source:
    """One module of a submission: its graph, and the library names that each of its statements uses."""

    def __init__(self, code: Code, trees: Mapping[int, ast.Module], package: str) -> None:
        self.package = package
        self.files: dict[int, tuple[str, list[str]]] = {}
        self.graph: Graph = graph_of(
            trees, code.names, lambda node: code.helpers.star_names(node, package), code.helpers.owns
        )
        self.uses = cache(self._uses)
        self._values: dict[tuple[str, int], frozenset[Value]] = {}
        self._depth = 0

    def _uses(self, index: int) -> list[Use]:
        unit = self.graph.units[index]
        if isinstance(unit.node, ast.Import | ast.ImportFrom):
            return []
        frame = self._frame(unit)
        if not unit.head:
            return list(uses_in(unit.node, frame))
        return [use for node in _head(unit.node) for use in uses_in(node, frame)]

    def _frame(self, unit: Unit) -> Frame:
        """The module's names as functions see them when called; what is bound last, if nothing before."""
        return Frame(lambda name: self.values(name, self.graph.end), self.package)

    def values(self, name: str, before: int) -> frozenset[Value]:
        """What a name of the module stands for before a position."""
        key = (name, before)
        if key not in self._values and self._depth < MAX_ALIASES:
            self._values[key] = NOTHING  # while it's being found out, so that no cycle is followed
            self._depth += 1
            self._values[key] = self._found_values(name, before)
            self._depth -= 1
        return self._values.get(key, NOTHING)

    def _found_values(self, name: str, before: int) -> frozenset[Value]:
        reaching = self.graph.reaching(name, before) or self.graph.reaching(name, self.graph.end)
        if not reaching and name in BUILTINS:
            return NOTHING
        if not reaching:
            return union(self._star_values(name, index) for index in self.graph.stars[-MAX_VALUES:])
        return union(self._bound(self.graph.units[index], name) for index in reaching)

    def _bound(self, unit: Unit, name: str) -> frozenset[Value]:
        if isinstance(unit.node, ast.Import | ast.ImportFrom) and unit.alias is not None:
            if unit.alias.name == "*":
                return self._star_values(name, unit.index)
            return imported(unit.node, unit.alias, self.package)
        return bound_values(
            unit.node, name, Frame(lambda other: self.values(other, unit.index), self.package)
        )

    def _star_values(self, name: str, index: int) -> frozenset[Value]:
        node = self.graph.units[index].node
        if not isinstance(node, ast.ImportFrom):
            return NOTHING
        return imported(node, ast.alias(name), self.package)


def _head(node: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(node, ast.If):
        yield node.test
    elif isinstance(node, ast.With | ast.AsyncWith):
        yield from node.items


def code_of(submission: Submission, contract: Contract) -> Code:
    """A submission's code, to be searched part by part."""
    return Code(submission.pieces, contract.names, submission.files)


def find_forbidden(code: Code, exercises: Iterable[str], rules: Sequence[ForbiddenRule]) -> list[Hit]:
    """Every use of what the rules name in the closure of each exercise, first lines first."""
    if rules:
        rules = [*rules, REACHING]
    hits: dict[tuple[str, str, str, int], Hit] = {}
    for exercise in exercises:
        for dotted, file, line, text in _closure_uses(code, exercise):
            for rule in _matches(dotted, rules):
                hit = Hit(
                    exercise=exercise,
                    operation=dotted,
                    instead=rule.instead,
                    file=file,
                    line=line,
                    text=text,
                )
                hits.setdefault((exercise, dotted, file, line), hit)
    return list(hits.values())


def _matches(dotted: str, rules: Sequence[ForbiddenRule]) -> Iterator[ForbiddenRule]:
    """The rules that a dotted name or what it begins with falls under (`torch.nn.Linear.forward`)."""
    parts = dotted.split(".")
    begins = [".".join(parts[:count]) for count in range(2, len(parts) + 1)]
    for rule in rules:
        if any(fnmatchcase(name, pattern) for name in begins for pattern in rule.names):
            yield rule


def _closure_uses(code: Code, exercise: str) -> Iterator[tuple[str, str, int, str]]:
    """The library names used by what an exercise needs, each with file, line and the line's text."""
    todo: deque[Place] = deque([("", exercise)])
    seen: set[Place] = set()
    while todo:
        place = todo.popleft()
        if place in seen or (place[1] in code.names and place[1] != exercise):
            continue
        seen.add(place)
        for dotted, file, line, text in _uses_of_place(code, place, exercise):
            own = code.own_place(dotted)
            if own is not None:
                todo.append(own)
            else:
                yield dotted, file, line, text


def _uses_of_place(code: Code, place: Place, exercise: str) -> Iterator[tuple[str, str, int, str]]:
    module, name = place
    source = code.source(module)
    if source is None:
        return
    cut = slice_of(source.graph, [name], stops=code.names - {exercise})
    bindings = cut.defined.get(name, ())
    uses = [(index, use) for index in sorted(cut.needed) for use in source.uses(index)]
    uses += [
        (index, use) for index in bindings or source.graph.stars for use in _bound_to(source, index, name)
    ]
    for index, (dotted, line) in uses:
        file, lines = source.files[source.graph.units[index].piece]
        yield dotted, file, line, lines[line - 1].strip()[:200] if line <= len(lines) else ""


def _bound_to(source: _Source, index: int, name: str) -> Iterator[Use]:
    """What an exercise is that is itself only an import: `from torch.nn import Linear`."""
    unit = source.graph.units[index]
    if isinstance(unit.node, ast.Import | ast.ImportFrom):
        for value in source._bound(unit, name):
            yield value.of, unit.node.lineno
