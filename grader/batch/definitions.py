"""What a hidden test depends on, found in the suite's source: so that after an edit only what it touches runs again.

A *unit* is one statement at the top of a module.  A test needs its own unit, and with it, transitively, the units
that bind the names it reads: in its module, in local modules that it imports, and the probes that it asks for.
Where that can't be seen the answer errs towards more: a name is looked up even where it is a local variable, a
text that equals a name counts as a use of it, a module that is used as a whole counts as a whole, statements
that bind nothing always count, and code that makes names while running makes a test depend on everything.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Final

PROBES: Final = "probes*"
MERGED: Final = (PROBES, "misconceptions*")
"""Files by these names make one module together."""

DYNAMIC: Final = frozenset({"globals", "eval", "exec", "__import__", "importlib", "runpy"})
COMPOUND: Final = (ast.If, ast.For, ast.While, ast.Try, ast.With)
DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)

Place = tuple[str, int]
"""A unit: its module's name and its position in it."""


@dataclass(frozen=True)
class Uses:
    """What one unit mentions: names by themselves, `root.attribute` pairs, attributes of anything else, texts
    that could be names, and what it imports from modules: (alias, module, name or None for the module itself)."""

    bare: frozenset[str]
    rooted: frozenset[tuple[str, str]]
    attributes: frozenset[str]
    texts: frozenset[str]
    imports: tuple[tuple[str, str, str | None], ...]


class Unit:
    """One statement at the top of a module."""

    def __init__(self, node: ast.stmt) -> None:
        self.node = node

    @cached_property
    def text(self) -> str:
        """What counts of it: neither comments nor layout nor its place in the file."""
        return ast.dump(self.node, annotate_fields=False)

    @cached_property
    def binds(self) -> frozenset[str]:
        return frozenset(bound_by(self.node))

    @cached_property
    def uses(self) -> Uses:
        return uses_of(self.node)

    @property
    def always(self) -> bool:
        """Whether it acts on the module by being there: it binds nothing, or decides while running what it binds,
        or is a fixture that tests get unasked."""
        if isinstance(self.node, ast.Expr):
            return not isinstance(self.node.value, ast.Constant)
        star = "*" in self.binds  # binds names that can't be seen here
        return star or isinstance(self.node, COMPOUND) or not self.binds or autouse(self.node)


def bound_by(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds where it stands."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, COMPOUND):
        for inner in ast.iter_child_nodes(node):
            yield from bound_within(inner)
    else:
        yield from bound_within(node)


def bound_within(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.stmt) and isinstance(node, DEFINITIONS + COMPOUND):
        yield from bound_by(node)
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for inner in ast.iter_child_nodes(node):
        yield from bound_within(inner)


def autouse(node: ast.stmt) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(
        keyword.arg == "autouse"
        for decorator in decorators
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
    )


def uses_of(statement: ast.stmt) -> Uses:
    nodes = list(ast.walk(statement))
    pairs = {
        id(node.value): (node.value.id, node.attr)
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    names = [node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    arguments = {
        node.arg for node in nodes if isinstance(node, ast.arg)
    }  # a fixture is asked for by its name
    return Uses(
        bare=frozenset({node.id for node in names if id(node) not in pairs} | arguments),
        rooted=frozenset(pairs.values()),
        attributes=frozenset(
            node.attr for node in nodes if isinstance(node, ast.Attribute) and id(node.value) not in pairs
        ),
        texts=frozenset(
            node.value
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()
        ),
        imports=tuple(imported for node in nodes for imported in imports_of(node)),
    )


def imports_of(node: ast.AST) -> Iterator[tuple[str, str, str | None]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0], alias.name.partition(".")[0], None
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, (node.module or "").partition(".")[0], alias.name


class Source:
    """The modules of a suite's folder, statement by statement."""

    def __init__(self, folder: Path) -> None:
        self.modules: dict[str, list[Unit]] = {}
        self.binders: dict[str, defaultdict[str, list[int]]] = {}
        for file in sorted(folder.rglob("*.py")):
            name = file.relative_to(folder).parts[0].removesuffix(".py")
            units = self.modules.setdefault(name, [])
            units += [Unit(node) for node in ast.parse(file.read_text(encoding="utf-8")).body]
        for name, units in self.modules.items():
            binders: defaultdict[str, list[int]] = defaultdict(list)
            self.binders[name] = binders
            for at, unit in enumerate(units):
                for bound in unit.binds:
                    binders[bound].append(at)

    @cached_property
    def together(self) -> dict[str, tuple[str, ...]]:
        """For each module those whose names are seen in it: itself, or all that are merged with it."""
        merged = [tuple(name for name in self.modules if fnmatch(name, pattern)) for pattern in MERGED]
        groups = {name: group for group in merged for name in group}
        return {name: groups.get(name, (name,)) for name in self.modules}

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The modules whose names match a pattern."""
        return tuple(name for name in self.modules if fnmatch(name, pattern))

    @cached_property
    def probes(self) -> tuple[str, ...]:
        return self.matching(PROBES)


@dataclass
class Closure:
    """What some units need, transitively."""

    source: Source
    places: set[Place] = field(default_factory=set)
    everything: bool = False
    _touched: set[str] = field(default_factory=set)
    _todo: list[Place] = field(default_factory=list)

    def need_name(self, module: str, name: str) -> bool:
        """Need what binds a name as seen in a module; whether anything does."""
        places = [
            (one, at) for one in self.source.together[module] for at in self.source.binders[one].get(name, ())
        ]
        for place in places:
            self._need(place)
        return bool(places)

    def need_module(self, module: str) -> None:
        """Need a module as a whole."""
        for at in range(len(self.source.modules.get(module, ()))):
            self._need((module, at))

    def follow(self) -> None:
        """Add all that is needed by what is needed."""
        while self._todo:
            module, at = self._todo.pop()
            self._follow_unit(module, self.source.modules[module][at].uses)

    def texts(self) -> list[str]:
        """What the units say, in a stable order."""
        return [f"{module}: {self.source.modules[module][at].text}" for module, at in sorted(self.places)]

    def _need(self, place: Place) -> None:
        if place in self.places:
            return
        self.places.add(place)
        self._todo.append(place)
        self._touch(place[0])

    def _touch(self, module: str) -> None:
        """A module that is imported runs what stands in it by itself."""
        if module not in self._touched:
            self._touched.add(module)
            for at, unit in enumerate(self.source.modules[module]):
                if unit.always:
                    self._need((module, at))

    def _follow_unit(self, module: str, uses: Uses) -> None:
        if uses.bare & DYNAMIC or any(root in DYNAMIC for root, _ in uses.rooted):
            self.everything = True
        for _, origin, name in uses.imports:
            self._follow_import(origin, name)
        for name in uses.bare:
            self.need_name(module, name)
            for origin in self._modules_called(module, name, uses):
                self.need_module(origin)
        for root, attribute in uses.rooted:
            self.need_name(module, root)
            for origin in self._modules_called(module, root, uses):
                if not self.need_name(origin, attribute):
                    self.need_module(origin)
        self._follow_texts(module, uses)

    def _follow_import(self, origin: str, name: str | None) -> None:
        if origin in self.source.modules:
            self._touch(origin)
            if name is not None and not self.need_name(origin, name):
                self.need_module(origin)

    def _modules_called(self, module: str, name: str, uses: Uses) -> list[str]:
        """The local modules that a name stands for in a unit."""
        units = self.source.modules[module]
        own = [units[at].uses.imports for at in self.source.binders[module].get(name, ())]
        imports = [*uses.imports, *(imported for imports in own for imported in imports)]
        return [
            origin
            for alias, origin, member in imports
            if alias == name and member is None and origin in self.source.modules
        ]

    def _follow_texts(self, module: str, uses: Uses) -> None:
        """Attributes of what is no module may be probes, texts may be probes, fixtures or modules."""
        own = {attribute for root, attribute in uses.rooted if not self._is_import(module, root, uses)}
        if self.source.probes and module not in self.source.probes:
            for name in own | uses.attributes | uses.texts:
                self.need_name(self.source.probes[0], name)
        for text in uses.texts:
            self.need_name(module, text)
            self.need_module(text)

    def _is_import(self, module: str, name: str, uses: Uses) -> bool:
        units = self.source.modules[module]
        at_top = (units[at].node for at in self.source.binders[module].get(name, ()))
        return any(alias == name for alias, _, _ in uses.imports) or any(
            isinstance(node, ast.Import | ast.ImportFrom) for node in at_top
        )


def closure_of(source: Source, module: str, names: Iterable[str], whole: Sequence[str] = ()) -> Closure:
    """What `names` as seen in `module` need, and the modules `whole` with all that they need."""
    closure = Closure(source)
    for name in names:
        if not closure.need_name(module, name):
            closure.everything = True
    for one in whole:
        closure.need_module(one)
    closure.follow()
    return closure
