"""What a name or an expression stands for, as far as the text tells: `F.linear` is torch.nn.functional.linear.

Followed are imports in all their forms, aliases by assignment, attribute chains, `getattr` with text that is
put together from constants, `vars(F)["linear"]`, `sys.modules[...]`, `__import__` and `import_module`.  Names
that a function binds are its own: a parameter `F` stands for nothing known.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from grader.intake.helpers import absolute
from grader.intake.scopes import Comprehension, Scoped, bound_names, import_name, parameters
from grader.intake.trees import children, walk

NOTHING: Final[frozenset[Value]] = frozenset()
MAX_TEXT: Final = 200
MAX_VALUES: Final = 16
"""Alternatives that are followed for one expression, and how long a constant text may get."""


@dataclass(frozen=True)
class Value:
    """Something known: a dotted `name` ("torch.nn"), or a constant `text`."""

    kind: Literal["name", "text"]
    of: str


ModuleNames = Callable[[str], frozenset[Value]]
"""What a name of the module stands for."""


@dataclass
class Frame:
    """A scope: its own bindings, and the scope around it; None at the top, where `module` tells.

    A class's names are seen by its own statements, not by its methods.
    """

    module: ModuleNames
    package: str = ""
    outer: Frame | None = None
    bindings: dict[str, list[ast.AST]] | None = None
    is_class: bool = False
    known: dict[str, frozenset[Value]] = field(default_factory=dict)

    def values(self, name: str) -> frozenset[Value]:
        """What the name stands for here; nothing where it's a local whose value isn't known."""
        frame: Frame | None = self
        while frame is not None:
            if frame.bindings is not None and name in frame.bindings:
                return frame.local(name)
            frame = frame.outer
        return self.module(name)

    def local(self, name: str) -> frozenset[Value]:
        """The union over a local's bindings; a cycle of them stands for nothing."""
        if name not in self.known:
            self.known[name] = NOTHING
            bindings = (self.bindings or {}).get(name, [])
            self.known[name] = union(bound_values(node, name, self) for node in bindings)
        return self.known[name]

    def inner(self, bindings: dict[str, list[ast.AST]], *, is_class: bool = False) -> Frame:
        """A scope in this one, which doesn't see the names of a class around it."""
        return Frame(self.module, self.package, self.outer if self.is_class else self, bindings, is_class)

    def bound(self, name: str) -> bool:
        """Whether the name is a local one."""
        frame: Frame | None = self
        while frame is not None:
            if frame.bindings is not None and name in frame.bindings:
                return True
            frame = frame.outer
        return False


def union(parts: Iterable[frozenset[Value]]) -> frozenset[Value]:
    """All of them, or nothing where there are too many to follow."""
    found: set[Value] = set()
    for part in parts:
        found |= part
    return frozenset(found) if len(found) <= MAX_VALUES else NOTHING


def local_bindings(body: Iterable[ast.AST], arguments: ast.arguments | None) -> dict[str, list[ast.AST]]:
    """What a function or class binds: each name with the assignments and imports that bind it."""
    body = list(body)
    names, declared = bound_names(body)
    bindings: dict[str, list[ast.AST]] = {name: [] for name in names}
    if arguments is not None:
        bindings |= {name: [] for name in parameters(arguments) - declared}
    todo = list(body)
    while todo:
        node = todo.pop()
        for name in _assigned(node):
            if name in bindings:
                bindings[name].append(node)
        if not isinstance(node, Scoped):
            todo.extend(child for child in children(node) if isinstance(child, ast.stmt | ast.ExceptHandler))
    return bindings


def _assigned(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [import_name(alias) for alias in node.names]
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return [node.target.id] if isinstance(node.target, ast.Name) else []
    if isinstance(node, ast.Assign):
        return [
            name.id
            for target in node.targets
            for name in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])
            if isinstance(name, ast.Name)
        ]
    return []


def bound_values(node: ast.AST, name: str, frame: Frame) -> frozenset[Value]:
    """What an import or assignment makes the name stand for."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return union(
            imported(node, alias, frame.package) for alias in node.names if import_name(alias) == name
        )
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return evaluate(node.value, frame)
    if isinstance(node, ast.Assign):
        return union(_assigned_values(target, node.value, name, frame) for target in node.targets)
    return NOTHING


def imported(node: ast.Import | ast.ImportFrom, alias: ast.alias, package: str) -> frozenset[Value]:
    """The dotted name that an import binds."""
    if isinstance(node, ast.ImportFrom):
        return _name(f"{absolute(node, package)}.{alias.name}")
    return _name(alias.name if alias.asname else alias.name.split(".")[0])


def _assigned_values(target: ast.expr, value: ast.expr, name: str, frame: Frame) -> frozenset[Value]:
    if isinstance(target, ast.Name):
        return evaluate(value, frame) if target.id == name else NOTHING
    if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        pairs = zip(target.elts, value.elts, strict=False)
        return union(_assigned_values(part, given, name, frame) for part, given in pairs)
    return NOTHING


def _name(dotted: str) -> frozenset[Value]:
    """A dotted name; torch reached through another module (`F.torch.nn`) is torch."""
    head, found, tail = dotted.rpartition(".torch.")
    return frozenset({Value("name", f"torch.{tail}" if found and head else dotted)})


def evaluate(node: ast.AST, frame: Frame) -> frozenset[Value]:
    """What an expression stands for; nothing where the text doesn't tell."""
    if isinstance(node, ast.Name):
        return frame.values(node.id)
    if isinstance(node, ast.Constant):
        return _text([node.value]) if isinstance(node.value, str) else NOTHING
    if isinstance(node, ast.Attribute):
        return _attributes(evaluate(node.value, frame), [node.attr])
    if isinstance(node, ast.Call):
        return _called(node, frame)
    if isinstance(node, ast.Subscript):
        return _subscripted(node, frame)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined(evaluate(node.left, frame), evaluate(node.right, frame))
    if isinstance(node, ast.JoinedStr):
        return _formatted(node, frame)
    if isinstance(node, ast.IfExp):
        return union([evaluate(node.body, frame), evaluate(node.orelse, frame)])
    if isinstance(node, ast.NamedExpr):
        return evaluate(node.value, frame)
    return NOTHING


def names_in(values: Iterable[Value]) -> list[str]:
    """The dotted names among values, sorted."""
    return sorted(value.of for value in values if value.kind == "name")


def _texts(values: Iterable[Value]) -> list[str]:
    return [value.of for value in values if value.kind == "text"]


def _text(texts: Iterable[str]) -> frozenset[Value]:
    return frozenset(Value("text", text) for text in texts if len(text) <= MAX_TEXT)


def _attributes(objects: Iterable[Value], attributes: Iterable[str]) -> frozenset[Value]:
    attributes = list(attributes)
    return union(_name(f"{name}.{attribute}") for name in names_in(objects) for attribute in attributes)


def _joined(left: frozenset[Value], right: frozenset[Value]) -> frozenset[Value]:
    return union(_text([one + other]) for one in _texts(left) for other in _texts(right))


def _formatted(node: ast.JoinedStr, frame: Frame) -> frozenset[Value]:
    whole = _text([""])
    for part in node.values:
        plain = part.value if isinstance(part, ast.FormattedValue) else part
        whole = _joined(whole, evaluate(plain, frame))
    return whole


def _called(node: ast.Call, frame: Frame) -> frozenset[Value]:
    """Calls that give a module or an attribute: `getattr`, `__import__`, `import_module`."""
    function = _callee(node.func, frame)
    if function == "getattr" and len(node.args) >= 2:
        return _attributes(evaluate(node.args[0], frame), _texts(evaluate(node.args[1], frame)))
    if not node.args:
        return NOTHING
    names = _texts(evaluate(node.args[0], frame))
    if function == "importlib.import_module":
        return union(_name(name) for name in names)
    if function == "__import__":
        whole = len(node.args) > 3 or any(word.arg == "fromlist" for word in node.keywords)
        return union(_name(name if whole else name.split(".")[0]) for name in names)
    return NOTHING


def _callee(function: ast.expr, frame: Frame) -> str:
    """The function that is called: a builtin by its own name, others dotted."""
    names = [name.removeprefix("builtins.") for name in names_in(evaluate(function, frame))]
    if len(names) == 1:
        return names[0]
    is_builtin = isinstance(function, ast.Name) and not frame.bound(function.id)
    return function.id if is_builtin and isinstance(function, ast.Name) else ""


def _subscripted(node: ast.Subscript, frame: Frame) -> frozenset[Value]:
    """`vars(F)["linear"]`, `F.__dict__["linear"]`, `sys.modules["torch.nn"]`."""
    keys = _texts(evaluate(node.slice, frame))
    if not keys:
        return NOTHING
    table = node.value
    if isinstance(table, ast.Attribute) and table.attr == "__dict__":
        return _attributes(evaluate(table.value, frame), keys)
    if isinstance(table, ast.Call) and table.args and _callee(table.func, frame) == "vars":
        return _attributes(evaluate(table.args[0], frame), keys)
    if names_in(evaluate(table, frame)) == ["sys.modules"]:
        return union(_name(key) for key in keys)
    return NOTHING


def comprehension_bindings(node: Comprehension) -> dict[str, list[ast.AST]]:
    """The names that a comprehension binds, none of known value."""
    return {
        name.id: []
        for generator in node.generators
        for name in walk(generator.target)
        if isinstance(name, ast.Name)
    }
