"""The submission's own modules beside the one that counts: which are imported, and what names they hold."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from grader.intake.parsing import Fault, parse
from grader.intake.records import UnreadableError
from grader.intake.scopes import bound_names
from grader.intake.text import decode_source
from grader.intake.trees import walk

LIBRARIES: Final = frozenset(sys.stdlib_module_names) | {
    "torch", "numpy", "pytest", "_pytest", "conftest", "sitecustomize", "usercustomize", "grader", "msgspec",
}  # fmt: skip
"""Names under which a submission's own file is not imported: they would stand in for a library's."""

MAX_STAR_STEPS: Final = 5


class Helper:
    """One module of the submission's own, parsed when asked for."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def parsed(self) -> tuple[str, ast.Module | Fault]:
        """The text and its tree, or why there is none."""
        try:
            text = decode_source(self.data, self.path).text
        except UnreadableError as error:
            return "", Fault(line=None, message=str(error))
        return text, parse(text)

    @property
    def tree(self) -> ast.Module | None:
        tree = self.parsed[1]
        return tree if isinstance(tree, ast.Module) else None

    @property
    def package(self) -> str:
        """The dotted package that the module's relative imports start from, "" at the top."""
        folders = self.path.split("/")[:-1]
        return ".".join(folders)


class Helpers:
    """All modules beside the chosen file, by dotted name."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.modules = {
            _dotted(path): Helper(path, data) for path, data in files.items() if path.endswith(".py")
        }
        self.tops = {name.split(".")[0] for name in self.modules} - LIBRARIES

    def owns(self, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
        """Whether an import is from one of these modules."""
        if isinstance(node, ast.ImportFrom):
            return node.level > 0 or (node.module or "").split(".")[0] in self.tops
        return alias.name.split(".")[0] in self.tops

    def star_names(self, node: ast.ImportFrom, package: str = "", steps: int = 0) -> set[str] | None:
        """What `from x import *` brings where x is one of these modules, else None."""
        helper = self.modules.get(absolute(node, package))
        if helper is None or (not node.level and not self.owns(node, node.names[0])):
            return None
        return self._public_names(helper, steps)

    def _public_names(self, helper: Helper, steps: int) -> set[str]:
        if helper.tree is None or steps > MAX_STAR_STEPS:
            return set()
        names, _ = bound_names(helper.tree.body)
        for node in helper.tree.body:
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                names |= self.star_names(node, helper.package, steps + 1) or set()
        return {name for name in names if not name.startswith("_")}

    def imported_by(self, imports: Iterable[str]) -> dict[str, Helper]:
        """Of the modules that something imports those of its own, and what they import in turn, by dotted name."""
        todo = list(imports)
        found: dict[str, Helper] = {}
        while todo:
            for name in _with_packages(todo.pop()):
                helper = self.modules.get(name)
                if helper is None or name in found or name.split(".")[0] not in self.tops:
                    continue
                found[name] = helper
                if helper.tree is not None:
                    todo.extend(imports_of(helper.tree, helper.package))
        return found


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _with_packages(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The dotted name of the module that a `from` import names, relative ones resolved."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def imports_of(tree: ast.AST, package: str) -> list[str]:
    """Every module that is imported anywhere in a tree, functions included."""
    names: list[str] = []
    for node in walk(tree):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = absolute(node, package)
            names.append(module)
            names.extend(f"{module}.{alias.name}" if module else alias.name for alias in node.names)
    return names
