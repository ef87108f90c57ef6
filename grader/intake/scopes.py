"""Which names of the module a statement binds and reads, and when: while it runs, or when called later.

Scopes are those of Python: names that a function binds are its own unless declared `global`; comprehensions
and class bodies run at once; a method does not see its class's names.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, get_args

from grader.intake.trees import children, walk

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Scoped = Definition | ast.Lambda
Import = ast.Import | ast.ImportFrom
Loop = ast.For | ast.AsyncFor
Chained = ast.Attribute | ast.Subscript
Captured = ast.ExceptHandler | ast.MatchAs | ast.MatchStar
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

BINDING: Final = frozenset({ast.Name, ast.MatchMapping, *get_args(Definition | Import | Captured)})
SCOPED: Final = frozenset(get_args(Scoped))
COMPREHENSIONS: Final = frozenset(get_args(Comprehension))
WALKED_APART: Final = SCOPED | COMPREHENSIONS | {ast.Name, ast.AnnAssign}
"""The kinds of nodes that are looked for at every node: a set is asked in a third of the time of `isinstance`."""

MUTATORS: Final = frozenset(
    {
        "append", "extend", "insert", "update", "add", "setdefault", "register", "register_module",
        "__setitem__", "__setattr__", "remove", "discard", "pop", "clear", "sort", "reverse",
    }
)  # fmt: skip
"""Methods that change what they're called on: such a call, alone on its line, belongs to the name."""

SETTERS: Final = frozenset({"setattr", "delattr", "update_wrapper"})


@dataclass(frozen=True)
class Uses:
    """What a statement does with the module's names.

    `binds` it assigns; `now` it reads while it runs; `later` are read when what it defines is called;
    `alters` are names whose object it changes (`CNN.forward = f`, `table["k"] = v`); `binds_globally` are
    bound by a function's `global` when that function is called; `calls` are functions called by name now.
    """

    binds: frozenset[str]
    now: frozenset[str]
    later: frozenset[str]
    alters: frozenset[str]
    binds_globally: frozenset[str]
    calls: frozenset[str]


@dataclass
class _Tally:
    binds: set[str] = field(default_factory=set)
    now: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    alters: set[str] = field(default_factory=set)
    binds_globally: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)

    def uses(self) -> Uses:
        return Uses(*(frozenset(getattr(self, name)) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class _Scope:
    """Where the walk stands: which names are not the module's, and whether the code runs only when called."""

    outer: _Scope | None = None
    own: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    function: bool = False
    annotations: bool = True

    def hides(self, name: str) -> bool:
        """Whether the name is a local one here, in this scope or one around it."""
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.own or name in scope.declared:
                return name in scope.own
            scope = scope.outer
        return False


def uses_of(nodes: Iterable[ast.AST], *, annotations: bool = True) -> Uses:
    """What these statements or expressions, at the top of a module, do with the module's names.

    `annotations` is false under `from __future__ import annotations`, where none is evaluated.
    """
    tally = _Tally()
    for node in nodes:
        _walk(node, _Scope(annotations=annotations), tally)
    return tally.uses()


def root_name(node: ast.AST) -> str | None:
    """The name that an attribute or subscript chain begins with: `a` of `a.b[0].c`."""
    while isinstance(node, Chained):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def bound_names(body: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """The names that a function's body binds as its own, and those that it declares `global`."""
    binds: set[str] = set()
    declared: set[str] = set()
    foreign: set[str] = set()
    todo = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Global):
            declared.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            foreign.update(node.names)
        elif type(node) in BINDING:
            binds.update(_names_bound_by(node))
        todo.extend(_same_scope_children(node))
    return binds - declared - foreign, declared


def _same_scope_children(node: ast.AST) -> Iterable[ast.AST]:
    """Children whose bindings go to the same scope: a walrus in a comprehension does, a loop's name not."""
    if type(node) in SCOPED:
        return ()
    if type(node) in COMPREHENSIONS:
        return [walrus for walrus in walk(node) if isinstance(walrus, ast.NamedExpr)]
    return children(node)


def _names_bound_by(node: ast.AST) -> Iterable[str]:
    if isinstance(node, ast.Name):
        return () if isinstance(node.ctx, ast.Load) else (node.id,)
    if isinstance(node, Definition):
        return (node.name,)
    if isinstance(node, Import):
        return [import_name(alias) for alias in node.names if alias.name != "*"]
    if isinstance(node, ast.MatchMapping):
        return () if node.rest is None else (node.rest,)
    if isinstance(node, Captured):
        return () if node.name is None else (node.name,)
    return ()


def import_name(alias: ast.alias) -> str:
    """The name that an import binds: `import a.b` binds `a`."""
    return alias.asname or alias.name.split(".")[0]


def parameters(arguments: ast.arguments) -> set[str]:
    """The names of all parameters."""
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    starred = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return {argument.arg for argument in [*plain, *starred]}


def _walk(node: ast.AST, scope: _Scope, tally: _Tally) -> None:
    if type(node) not in WALKED_APART:
        _note(node, scope, tally)
        for child in children(node):
            _walk(child, scope, tally)
        if isinstance(node, Loop):
            _pass_on(node, scope, tally)
    elif isinstance(node, ast.Name):
        _name(node, scope, tally)
    elif isinstance(node, FunctionNode):
        _function(node, scope, tally)
    elif isinstance(node, ast.ClassDef):
        _class(node, scope, tally)
    elif isinstance(node, Comprehension):
        _comprehension(node, scope, tally)
    elif isinstance(node, ast.AnnAssign):
        _annotated(node, scope, tally)


def _pass_on(node: Loop, scope: _Scope, tally: _Tally) -> None:
    """What a loop changes by its variable it changes in what it goes over: `for layer in (Linear, Conv2d): ...`."""
    if tally.alters.isdisjoint(_names_in(node.target)):
        return
    for name in _names_in(node.iter):
        _alter(name, scope, tally)


def _names_in(node: ast.AST) -> set[str]:
    return {name.id for name in walk(node) if isinstance(name, ast.Name)}


def _walk_all(nodes: Iterable[ast.AST | None], scope: _Scope, tally: _Tally) -> None:
    for node in nodes:
        if node is not None:
            _walk(node, scope, tally)


def _name(node: ast.Name, scope: _Scope, tally: _Tally) -> None:
    if scope.hides(node.id):
        return
    if isinstance(node.ctx, ast.Load):
        (tally.later if scope.function else tally.now).add(node.id)
    elif isinstance(node.ctx, ast.Store):
        _bind(node.id, scope, tally)


def _bind(name: str, scope: _Scope, tally: _Tally) -> None:
    """A binding: in a function a name that isn't the function's own can only be declared `global`."""
    if not scope.hides(name):
        (tally.binds_globally if scope.function else tally.binds).add(name)


def _note(node: ast.AST, scope: _Scope, tally: _Tally) -> None:
    """What a node does besides what its children do."""
    if isinstance(node, Chained) and not isinstance(node.ctx, ast.Load):
        _alter(root_name(node), scope, tally)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        _name(ast.Name(node.target.id, ast.Load()), scope, tally)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if not scope.function and not scope.hides(node.func.id):
            tally.calls.add(node.func.id)
    elif isinstance(node, ast.Expr):
        _alter(_altered_by_call(node.value), scope, tally)
    elif type(node) in BINDING and not isinstance(node, ast.Name):
        for name in _names_bound_by(node):
            _bind(name, scope, tally)


def _alter(name: str | None, scope: _Scope, tally: _Tally) -> None:
    if name is not None and not scope.function and not scope.hides(name):
        tally.alters.add(name)


def _altered_by_call(value: ast.expr) -> str | None:
    """The name that a call standing alone changes: of `setattr(CNN, ...)` and `layers.append(...)`."""
    if not isinstance(value, ast.Call):
        return None
    name = value.func.attr if isinstance(value.func, ast.Attribute) else root_name(value.func)
    if name in SETTERS and value.args:
        return root_name(value.args[0])
    if name in MUTATORS and isinstance(value.func, ast.Attribute):
        return root_name(value.func)
    return None


def _function(node: FunctionNode, scope: _Scope, tally: _Tally) -> None:
    if not isinstance(node, ast.Lambda):
        _walk_all(node.decorator_list, scope, tally)
        _attached_by(node.decorator_list, scope, tally)
        _signature_annotations(node, scope, tally)
        _bind(node.name, scope, tally)
    _walk_all([*node.args.defaults, *node.args.kw_defaults], scope, tally)
    body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    own, declared = bound_names(body)
    own = (own | parameters(node.args)) - declared
    inner = _Scope(scope, frozenset(own), frozenset(declared), True, scope.annotations)
    _walk_all(body, inner, tally)


def _attached_by(decorators: Iterable[ast.expr], scope: _Scope, tally: _Tally) -> None:
    """A decorator that is given a name may attach what it decorates to it: `@add_to_class(CNN)`."""
    for decorator in decorators:
        if isinstance(decorator, ast.Call):
            for argument in decorator.args:
                _alter(root_name(argument), scope, tally)


def _signature_annotations(
    node: ast.FunctionDef | ast.AsyncFunctionDef, scope: _Scope, tally: _Tally
) -> None:
    if scope.annotations:
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        starred = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
        _walk_all([*(argument.annotation for argument in [*every, *starred]), node.returns], scope, tally)


def _class(node: ast.ClassDef, scope: _Scope, tally: _Tally) -> None:
    """A class's body runs at once; its names are seen by later statements of the body, not by methods."""
    _walk_all([*node.decorator_list, *node.bases, *(word.value for word in node.keywords)], scope, tally)
    _bind(node.name, scope, tally)
    inside: set[str] = set()
    for statement in node.body:
        bound, declared = bound_names([statement])
        part = _Tally()
        _walk(statement, scope, part)
        tally.now |= part.now - inside
        tally.later |= part.later - inside if scope.function else part.later
        tally.calls |= part.calls - inside
        tally.alters |= part.alters - inside - bound
        tally.binds_globally |= part.binds_globally - (bound - declared)
        inside |= bound


def _comprehension(node: Comprehension, scope: _Scope, tally: _Tally) -> None:
    own = {
        name.id
        for generator in node.generators
        for name in walk(generator.target)
        if isinstance(name, ast.Name)
    }
    inner = _Scope(scope, frozenset(own), frozenset(), scope.function, scope.annotations)
    _walk(node.generators[0].iter, scope, tally)
    _walk_all(_inside(node), inner, tally)


def _inside(node: Comprehension) -> list[ast.AST]:
    """The parts of a comprehension that see its own names: all but the first iterable."""
    parts: list[ast.AST] = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    for position, generator in enumerate(node.generators):
        parts.extend(generator.ifs)
        if position:
            parts.append(generator.iter)
    return parts


def _annotated(node: ast.AnnAssign, scope: _Scope, tally: _Tally) -> None:
    """`x: T = v`; without a value nothing is bound, and within a function `T` is not evaluated."""
    if scope.annotations and not scope.function:
        _walk(node.annotation, scope, tally)
    if node.value is not None:
        _walk(node.value, scope, tally)
        _walk(node.target, scope, tally)
    elif not isinstance(node.target, ast.Name):
        _walk(node.target.value, scope, tally)
