"""A misconception as a submission: the master's text with the right way renamed and the wrong one in its place."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from grader.errors import UsageError
from grader.examine.misconceptions import Misconception, marks, misconception_files, parsed
from grader.sandbox.misconception import changed

TOOLS = "grader.sandbox.misconception"


def substituted(master: str, hidden: Path, chosen: Misconception) -> str:
    """The text of a module that is right but for this misconception; UsageError where its target isn't there."""
    node = target_of(master, chosen)
    lines = master.splitlines()
    right = f"right_{node.name.strip('_')}"
    lines[node.lineno - 1] = lines[node.lineno - 1].replace(f"def {node.name}(", f"def {right}(", 1)
    owner, _, _ = chosen.target.rpartition(".")
    lines[node.end_lineno : node.end_lineno] = instead(node.name, owner, right, chosen.name)
    return "\n".join([*lines, "", wrong_way(hidden, chosen), ""])


def target_of(master: str, chosen: Misconception) -> ast.FunctionDef:
    """The definition in the master that a misconception takes the place of."""
    *owners, name = chosen.target.split(".")
    body = ast.parse(master).body
    for owner in owners:
        body = [
            inner
            for node in body
            if isinstance(node, ast.ClassDef) and node.name == owner
            for inner in node.body
        ]
    found = [node for node in body if isinstance(node, ast.FunctionDef) and node.name == name]
    if not found:
        raise UsageError(f"misconception {chosen.name}: the master does not define {chosen.target}.")
    return found[-1]


def instead(name: str, owner: str, right: str, wrong: str) -> list[str]:
    """The definition that calls the wrong way with the right one."""
    if not owner:
        return ["", f"def {name}(*args, **options):", f"    return {wrong}({right}, *args, **options)", ""]
    return [
        "",
        f"    def {name}(self, *args, **options):",
        f"        return {wrong}({owner}.{right}, self, *args, **options)",
        "",
    ]


def wrong_way(hidden: Path, chosen: Misconception) -> str:
    """The misconception's function without its mark, and what its file has besides misconceptions."""
    file = next(file for file in misconception_files(hidden) if defines(parsed(file), chosen.name))
    tree = parsed(file)
    tree.body = [node for node in tree.body if not of_another(node, chosen) and not imports_tools(node)]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = [decorator for decorator in node.decorator_list if not marks(decorator)]
    tools = "import copy\nfrom typing import Any\n\n" + inspect.getsource(changed)
    return f"{tools}\n\n{ast.unparse(tree)}"


def defines(tree: ast.Module, name: str) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body)


def of_another(node: ast.stmt, chosen: Misconception) -> bool:
    """Whether a statement is another misconception."""
    return (
        isinstance(node, ast.FunctionDef)
        and node.name != chosen.name
        and any(marks(decorator) for decorator in node.decorator_list)
    )


def imports_tools(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == TOOLS
