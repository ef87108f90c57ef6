"""Which library names a statement uses, with the line of each; annotations and `isinstance` only mention."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from grader.intake.resolve import (
    Frame,
    comprehension_bindings,
    evaluate,
    local_bindings,
    names_in,
)
from grader.intake.scopes import Comprehension
from grader.intake.trees import children

Use = tuple[str, int]
"""A dotted name and the line where it is used."""


def uses_in(node: ast.AST, frame: Frame) -> Iterator[Use]:
    """The dotted names that a statement or expression uses."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        yield from _in_function(node, frame)
    elif isinstance(node, ast.ClassDef):
        yield from _in_class(node, frame)
    elif isinstance(node, Comprehension):
        yield from _in_all(children(node), frame.inner(comprehension_bindings(node)))
    elif isinstance(node, ast.AnnAssign):
        yield from _in_all([node.target, *([node.value] if node.value else [])], frame)
    elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        yield from _in_reference(node, frame)
    elif isinstance(node, ast.Call):
        yield from _in_call(node, frame)
    else:
        yield from _in_all(children(node), frame)


def _in_all(nodes: Iterable[ast.AST], frame: Frame) -> Iterator[Use]:
    for node in nodes:
        yield from uses_in(node, frame)


def _in_reference(node: ast.Name | ast.Attribute | ast.Subscript, frame: Frame) -> Iterator[Use]:
    names = names_in(evaluate(node, frame)) if isinstance(node.ctx, ast.Load) else []
    for name in names:
        yield name, node.lineno
    if not names and not isinstance(node, ast.Name):
        yield from _in_all(children(node), frame)


def _in_call(node: ast.Call, frame: Frame) -> Iterator[Use]:
    for name in names_in(evaluate(node, frame)):
        yield name, node.lineno
    only_asks = isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass")
    arguments = node.args[:1] if only_asks else node.args
    yield from _in_all([node.func, *arguments, *(word.value for word in node.keywords)], frame)


def _in_function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, frame: Frame) -> Iterator[Use]:
    if not isinstance(node, ast.Lambda):
        yield from _in_all(node.decorator_list, frame)
    defaults = [default for default in [*node.args.defaults, *node.args.kw_defaults] if default is not None]
    yield from _in_all(defaults, frame)
    body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    yield from _in_all(body, frame.inner(local_bindings(body, node.args)))


def _in_class(node: ast.ClassDef, frame: Frame) -> Iterator[Use]:
    outside = [*node.decorator_list, *node.bases, *(word.value for word in node.keywords)]
    yield from _in_all(outside, frame)
    yield from _in_all(node.body, frame.inner(local_bindings(node.body, None), is_class=True))
