"""What a hidden test depends on, found in the suite's source: so that after an edit only what it touches runs again.

A *unit* is one statement at the top of a module.  A test needs its own unit, and with it, transitively, the units
that bind the names it reads: in its module, in local modules that it imports, and the probes that it asks for.
Where that can't be seen the answer errs towards more: a name is looked up even where it is a local variable, a
text that equals a name counts as a use of it, a module that is used as a whole counts as a whole, statements
that bind nothing always count, and code that makes names while running makes a test depend on everything.
"""

from __future__ import annotations

import ast
import hashlib
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
    def digest(self) -> str:
        """Of what counts of it: neither comments nor layout nor its place in the file."""
        return hashlib.sha256(ast.dump(self.node, annotate_fields=False).encode()).hexdigest()

    @cached_property
    def binds(self) -> frozenset[str]:
        return frozenset(bound_by(self.node))

    @cached_property
    def uses(self) -> Uses:
        return uses_of(self.node)

    @cached_property
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
        self._needs: dict[Place, Needs] = {}
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

    @cached_property
    def standing(self) -> dict[str, frozenset[Place]]:
        """The units of each module that count whenever it is imported: it runs what stands in it by itself."""
        return {
            name: frozenset((name, at) for at, unit in enumerate(units) if unit.always)
            for name, units in self.modules.items()
        }

    def needs(self, place: Place) -> Needs:
        """What a unit needs directly; worked out once for all tests."""
        if place not in self._needs:
            module, at = place
            self._needs[place] = needs = Needs(self)
            needs.add_unit(module, self.modules[module][at].uses)
        return self._needs[place]


@dataclass
class Needs:
    """Units that are needed, without what those need in turn; `everything`: what is needed can't be seen."""

    source: Source
    places: set[Place] = field(default_factory=set)
    everything: bool = False

    def add_name(self, module: str, name: str) -> bool:
        """Need what binds a name as seen in a module; whether anything does."""
        places = [
            (one, at) for one in self.source.together[module] for at in self.source.binders[one].get(name, ())
        ]
        self.places.update(places)
        return bool(places)

    def add_module(self, module: str) -> None:
        """Need a module as a whole."""
        self.places.update((module, at) for at in range(len(self.source.modules.get(module, ()))))

    def add_unit(self, module: str, uses: Uses) -> None:
        """Need what a unit of a module uses."""
        if uses.bare & DYNAMIC or any(root in DYNAMIC for root, _ in uses.rooted):
            self.everything = True
        for _, origin, name in uses.imports:
            self._add_import(origin, name)
        for name in uses.bare:
            self.add_name(module, name)
            for origin in self._modules_called(module, name, uses):
                self.add_module(origin)
        for root, attribute in uses.rooted:
            self.add_name(module, root)
            for origin in self._modules_called(module, root, uses):
                if not self.add_name(origin, attribute):
                    self.add_module(origin)
        self._add_texts(module, uses)

    def _add_import(self, origin: str, name: str | None) -> None:
        if origin in self.source.modules:
            self.places |= self.source.standing[origin]
            if name is not None and not self.add_name(origin, name):
                self.add_module(origin)

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

    def _add_texts(self, module: str, uses: Uses) -> None:
        """Attributes of what is no module may be probes, texts may be probes, fixtures or modules."""
        own = {attribute for root, attribute in uses.rooted if not self._is_import(module, root, uses)}
        if self.source.probes and module not in self.source.probes:
            for name in own | uses.attributes | uses.texts:
                self.add_name(self.source.probes[0], name)
        for text in uses.texts:
            self.add_name(module, text)
            self.add_module(text)

    def _is_import(self, module: str, name: str, uses: Uses) -> bool:
        units = self.source.modules[module]
        at_top = (units[at].node for at in self.source.binders[module].get(name, ()))
        return any(alias == name for alias, _, _ in uses.imports) or any(
            isinstance(node, ast.Import | ast.ImportFrom) for node in at_top
        )


@dataclass(frozen=True)
class Closure:
    """What some units need, transitively."""

    source: Source
    places: frozenset[Place]
    everything: bool

    def digests(self) -> list[str]:
        """What the units say, in a stable order."""
        return [f"{module}: {self.source.modules[module][at].digest}" for module, at in sorted(self.places)]


def closure_of(source: Source, module: str, names: Iterable[str], whole: Sequence[str] = ()) -> Closure:
    """What `names` as seen in `module` need, and the modules `whole` with all that they need."""
    needs = Needs(source)
    for name in names:
        if not needs.add_name(module, name):
            needs.everything = True
    for one in whole:
        needs.add_module(one)
    return followed(needs)


def followed(needs: Needs) -> Closure:
    """With all that is needed by what is needed."""
    source, everything = needs.source, needs.everything
    places: set[Place] = set()
    todo = set(needs.places)
    while todo:
        place = todo.pop()
        places.add(place)
        further = source.needs(place)
        everything = everything or further.everything
        todo |= (further.places | source.standing[place[0]]) - places
    return Closure(source, frozenset(places), everything)
