"""Trees are walked as `ast` walks them, but for what has nothing below it."""

from __future__ import annotations

import ast
import inspect
import types

import pytest

from grader.intake.trees import children, walk

BARE = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)
EVERYTHING = """
from a import (b as c, d)
@deco(1)
class A(B, metaclass=M):
    x: int = 1
    async def f(self, a, /, b: int = 2, *args, c=3, **kw) -> None:
        global g
        async with w as v, u: await z
        async for i, j in k: yield (yield from i)
        return [p for p in q if p not in r for s in {t: 1, **t2}]
def h():
    nonlocal_ = lambda y=1: (n := y)
    try: raise E from e
    except (F, G) as err: pass
    else: assert a < b <= c, "no"
    finally: del a.b, c[1:2:3, ...]
    match m:
        case {"k": 1, **rest} | [1, *more] if ok: f"{a!r:>{w}} {b}"
        case C(1, k=None) as c: x += -1 if a else not b
    while a and b or c: continue
    try: pass
    except* X: break
"""


@pytest.mark.parametrize("module", [ast, inspect, types, "everything"])
def test_the_same_nodes_in_the_same_order(module: types.ModuleType | str) -> None:
    tree = ast.parse(EVERYTHING if isinstance(module, str) else inspect.getsource(module))
    assert walk(tree) == [node for node in ast.walk(tree) if not isinstance(node, BARE)]


def test_nodes_made_by_hand_have_their_children() -> None:
    """Without positions, and where a field was left out."""
    name = ast.Name("x")
    assert children(ast.Return()) == []
    assert children(ast.Expr(ast.Call(name, [], [])))[0].func is name  # type: ignore[attr-defined]
