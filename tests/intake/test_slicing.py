"""Of a notebook what the asked-for names need is used, and nothing else."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.intake import Contract, Submission, read_submission
from grader.intake.rendering import render
from grader.intake.slicing import graph_of, slice_of
from grader.intake.units import Unit
from tests.intake.handins import ReadCells, code_lines, notebook

LINEAR = "class Linear:\n    pass"


def test_scratch_cells_are_left_out(read_cells: ReadCells) -> None:
    """Endless loops, prints, plots, training runs, seeds and downloads are not run."""
    submission = read_cells(
        "while True: pass",
        LINEAR,
        "print(Linear())",
        "import torch\ntorch.manual_seed(0)",
        "for i in range(10**9):\n    Linear()",
        "raise SystemExit",
        "!rm -rf /",
    )
    assert code_lines(submission) == {"cell 2": LINEAR.split("\n")}


def test_imports_functions_and_constants_are_followed(read_cells: ReadCells) -> None:
    """What a definition reads, now or when called, is used, and what that reads in turn."""
    submission = read_cells(
        "import math, random\nfrom os import path, sep",
        "def helper(x):\n    return math.sqrt(x) + SCALE",
        "SCALE = BASE * 2\nUNUSED = 3",
        "BASE = 1",
        "def mse_loss(p, t):\n    return helper(p - t)",
    )
    assert code_lines(submission) == {
        "cell 1": ["import math"],
        "cell 2": ["def helper(x):", "    return math.sqrt(x) + SCALE"],
        "cell 3": ["SCALE = BASE * 2"],
        "cell 4": ["BASE = 1"],
        "cell 5": ["def mse_loss(p, t):", "    return helper(p - t)"],
    }


def test_the_last_definition_counts(read_cells: ReadCells) -> None:
    """An earlier definition is left out unless the last one builds on it."""
    submission = read_cells(LINEAR, "class Linear:\n    x = 1", "class CNN: pass", "class CNN(CNN): y = 2")
    assert list(code_lines(submission)) == ["cell 2", "cell 3", "cell 4"]


@pytest.mark.parametrize(
    "change",
    [
        "Linear.forward = lambda self, x: x",
        "setattr(Linear, 'forward', 1)",
        "Linear.table['a'] = 2",
        "Linear.count += 1",
        "del Linear.extra",
        "Linear.layers.append(3)",
        "@attached_to(Linear)\ndef forward(self, x): return x",
        "for layer in (Linear, list):\n    layer.size = 3",
        "for layer in [Linear]:\n    setattr(layer, 'size', 3)",
        "Linear: int = Linear",
        "Linear = wrap(Linear)",
    ],
)
def test_later_changes_of_a_needed_name_are_used(read_cells: ReadCells, change: str) -> None:
    """Attribute assignments, `setattr`, mutating calls and rebinding belong to the name."""
    submission = read_cells("def wrap(c): return c\nattached_to = print", LINEAR, change, "print(Linear)")
    assert code_lines(submission)["cell 3"] == change.split("\n")


@pytest.mark.parametrize(
    "change", ["Linear(1, 2)", "print(Linear.x)", "help(Linear)", "Linear", "del Linear"]
)
def test_other_expressions_that_stand_alone_are_scratch(read_cells: ReadCells, change: str) -> None:
    """Calling or printing what is needed changes nothing of it."""
    assert list(code_lines(read_cells(LINEAR, change))) == ["cell 1"]


def test_definitions_in_if_try_and_with_are_found(read_cells: ReadCells) -> None:
    """They are used without their neighbours."""
    submission = read_cells(
        "try:\n    from tqdm import tqdm\nexcept ImportError:\n    print('no')\n    tqdm = list",
        "if True:\n    train_it()\n    def train(b):\n        return tqdm(b)\nelse:\n    x = 1",
    )
    assert [[line.rstrip() for line in lines] for lines in code_lines(submission).values()] == [
        ["try:", "    from tqdm import tqdm", "except ImportError:", "    0", "    tqdm = list"],
        ["if True:", "    0", "    def train(b):", "        return tqdm(b)", "else:", "    0"],
    ]


def test_the_main_guard_is_skipped(read_module: ReadCells) -> None:
    """What stands under `if __name__ == "__main__":` is a script."""
    submission = read_module(f"{LINEAR}\nif __name__ == '__main__':\n    x = Linear()\n    class CNN: pass\n")
    assert submission.reading.missing[-2:] == ("CNN", "accuracy")
    assert code_lines(submission) == {"hw8.py": LINEAR.split("\n")}


def test_names_bound_by_global_are_followed_to_the_call(read_cells: ReadCells) -> None:
    """A bare call of a function that binds a needed name by `global` is used."""
    submission = read_cells(
        "def setup():\n    global W\n    W = 3", "setup()", "def mse_loss(p, t): return W", "print(setup)"
    )
    assert list(code_lines(submission)) == ["cell 1", "cell 2", "cell 3"]


def test_a_parameter_hides_a_scratch_variable_of_the_same_name(read_cells: ReadCells) -> None:
    """`model` the parameter does not pull in `model = train_for_an_hour()`."""
    submission = read_cells(
        "model = train_for_an_hour()",
        "def accuracy(model, batches):\n    return [model for model in batches]",
        "def train(*, model=None, **rest):\n    return (lambda model: model)(rest)",
    )
    assert list(code_lines(submission)) == ["cell 2", "cell 3"]


def test_imports_of_submodules_are_kept_beside_their_package(read_cells: ReadCells) -> None:
    """`import os` after `import os.path` does not make the submodule superfluous."""
    submission = read_cells("import os.path", "import os", "def to_tensor(a): return os.path.join(a)")
    assert list(code_lines(submission)) == ["cell 1", "cell 2", "cell 3"]


def test_global_in_an_inner_function_reaches_past_the_outer_one(read_cells: ReadCells) -> None:
    """The outer function's local of the same name is another."""
    inner = "    def inner():\n        global W\n        return W\n    return inner()"
    submission = read_cells("W = 3", f"def mse_loss(p, t):\n    W = 1\n{inner}")
    assert list(code_lines(submission)) == ["cell 1", "cell 2"]


def test_a_class_reads_its_own_names_first(read_cells: ReadCells) -> None:
    """In its body, though not in its methods."""
    own = read_cells("scale = slow()", "class Linear:\n    scale = 1\n    twice = scale * 2")
    method = read_cells("scale = 1", "class Linear:\n    scale = 1\n    def f(self): return scale")
    assert list(code_lines(own)) == ["cell 2"]
    assert list(code_lines(method)) == ["cell 1", "cell 2"]


def test_an_import_to_compare_with_does_not_replace_the_own_definition(read_cells: ReadCells) -> None:
    """`from torch.nn import Linear` after the student's own class is scratch, its other names are not."""
    submission = read_cells(
        LINEAR, "from torch.nn import Linear, Module", "class CNN(Module): fc = Linear()", "print(Linear)"
    )
    assert code_lines(submission)["cell 2"] == ["from torch.nn import Module"]
    assert "Linear" in submission.reading.found


def test_the_order_of_the_runs_is_taken_where_top_to_bottom_fails(tmp_path: Path, contract: Contract) -> None:
    """A base class in a later cell that was run earlier comes first, and this is told."""
    book = json.loads(notebook("class CNN(Base): pass", "class Base: pass", "x = 1"))
    runs = iter((7, 5, 6))
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = next(runs)
    (tmp_path / "hw8.ipynb").write_text(json.dumps(book))
    submission = read_submission(tmp_path / "hw8.ipynb", contract)
    assert isinstance(submission, Submission)
    assert [piece.name for piece in submission.pieces] == ["cell 2", "cell 1"]
    assert [cell.cell for cell in submission.reading.cells] == [1, 2, 3]
    assert "in the order in which they were last run" in " ".join(submission.reading.notes)


def test_names_that_nothing_defines_are_told(read_cells: ReadCells) -> None:
    """With the cell that would define them, if only it parsed."""
    submission = read_cells("def helper(x:\n    pass", "def train(b): return helper(tdqm(b))")
    notes = " ".join(submission.reading.notes)
    assert "helper is used, but defined nowhere; it seems to be defined in cell 1" in notes
    assert "tdqm is used, but defined nowhere." in notes


def test_without_counts_of_runs_cells_go_after_what_they_need(read_cells: ReadCells) -> None:
    """Whatever is needed is used, wherever it stands; and that is told."""
    submission = read_cells("class CNN(Base): pass", "class Base(nn.Module): pass", "from torch import nn")
    assert [piece.name for piece in submission.pieces] == ["cell 3", "cell 2", "cell 1"]
    notes = " ".join(submission.reading.notes)
    assert "in the order in which they need each other" in notes
    assert "before it is defined" not in notes


def test_cells_that_need_each_other_stay_as_they_are(read_cells: ReadCells) -> None:
    """And what is read too early is told."""
    submission = read_cells("class CNN(Base): pass\nscale = 1", "class Base: pass\nBase.scale = scale")
    assert [piece.name for piece in submission.pieces] == ["cell 1", "cell 2"]
    assert "cell 1, line 1 uses Base before it is defined" in " ".join(submission.reading.notes)


def test_the_nearest_definition_above_is_the_one_that_is_read(read_cells: ReadCells) -> None:
    """Of several, though one stands below too; what is below moves no cell that has one above."""
    submission = read_cells("size = 1", "class CNN(Base):\n    n = size", "class Base: pass", "size = 2")
    order = [piece.name for piece in submission.pieces]
    assert order.index("cell 1") < order.index("cell 2")
    assert order.index("cell 3") < order.index("cell 2")


@pytest.mark.parametrize(
    "cell",
    [
        "exec('def Linear(): pass')",
        "globals()['Linear'] = 3",
        "%run other.ipynb",
        "for n in 'ab':\n    vars()[n] = 1",
    ],
)
def test_names_made_while_running_make_all_cells_run(read_cells: ReadCells, cell: str) -> None:
    """Where slicing can't tell, the pieces are whole and the submission says that it's dynamic."""
    submission = read_cells("x = 1", cell, "print(x)", "def broken(:")
    assert submission.dynamic
    assert list(code_lines(submission)) == ["cell 1", "cell 2", "cell 3"]


def test_exec_in_scratch_changes_nothing_where_all_names_are_there(read_cells: ReadCells) -> None:
    """Nothing is missing, so nothing has to be made."""
    cells = [f"def {name}(): pass" for name in ("to_tensor", "mse_loss", "train", "accuracy")]
    classes = [f"class {name}: pass" for name in ("Linear", "Conv2d", "CNN")]
    assert not read_cells(*cells, *classes, "exec('x = 1')").dynamic


def test_star_imports_are_kept_for_names_that_nothing_else_binds(read_cells: ReadCells) -> None:
    """`from torch import *` may be what brings `zeros`; one that isn't needed is left out."""
    with_star = read_cells("from torch import *", "def to_tensor(a): return zeros(3)")
    without = read_cells("from torch import *", "def to_tensor(a): return len(a)")
    assert "cell 1" in code_lines(with_star)
    assert "cell 1" not in code_lines(without)


STATEMENTS = st.sampled_from(
    [
        "a = 1", "b = a + 1", "a = b * 2", "c = [a, b]", "c.append(a)", "a += 3", "def f(x=a): return x + b",
        "def g(): return f() + len(c)", "b = f()", "class K:\n    v = a\n    def m(self): return f(self.v)",
        "K.w = b", "setattr(K, 'u', a)", "a, b = b, a", "if a > b:\n    a = b\nelse:\n    b = 7",
        "try:\n    b = a\n    c = [b]\nexcept ZeroDivisionError:\n    pass", "for i in range(2):\n    b += i",
        "def h():\n    global a\n    a = a + 10", "h()", "print(a); b = a; d = (b,\n    1)",
        "f = (lambda old: lambda x=1: old(x) + 1)(f)",
        "d = {n: n + b for n in (1, 2)}", "d = (a,)", "@(lambda q: q)\ndef f(x=2): return x * a",
        "b = g() if callable(f) else 0",
        "with open('/dev/null') as file:\n    b = len(file.read())", "r = K().m()", "del d", "a = (d := b)",
    ]
)  # fmt: skip

PRELUDE = """\
a = 1; b = 2; c = [1]; d = 0; r = 0
def f(x=1): return x
def g(): return 1
class K:
    v = 1
    def m(self): return 1
def h(): pass"""


def _run(text: str) -> dict[str, Any]:
    space: dict[str, Any] = {"print": lambda *_: None}
    exec(text, space)
    return space


def _value(space: dict[str, Any], name: str) -> object:
    value = space[name]
    if isinstance(value, type):
        return {key: value.__dict__[key] for key in ("v", "w", "u") if key in value.__dict__}
    return value() if callable(value) else value


@settings(max_examples=150, deadline=None)
@given(st.lists(STATEMENTS, max_size=14), st.sampled_from(["a", "b", "c", "f", "g", "K", "r"]))
def test_a_slice_gives_what_the_whole_gives(statements: list[str], name: str) -> None:
    """For programs of such statements the sliced one binds the name to the same value as all of it does."""
    text = "\n".join([PRELUDE, *statements])
    try:
        expected = _value(_run(text), name)
    except (NameError, TypeError, RecursionError):
        return
    if "del d" in statements:
        return
    tree = ast.parse(text)
    cut = slice_of(graph_of({0: tree}, [name], lambda _: None, lambda *_: False), [name])
    needed: list[Unit] = [unit for unit in cut.units if unit.index in cut.needed]
    rendered, _ = render(text, tree, needed)
    assert _value(_run(rendered), name) == expected, rendered
    assert _line_numbers_hold(text, rendered)


def _line_numbers_hold(text: str, rendered: str) -> bool:
    """Every word of the rendered text stands on the line on which it was."""
    return all(
        set(new.replace(";", " ").split()) <= set(old.replace(";", " ").split()) | {"0", "[", "]"}
        for old, new in zip(text.split("\n"), rendered.split("\n"), strict=False)
    )


def test_another_notebook_that_is_run_is_told_of(read_cells: ReadCells) -> None:
    """It is not followed, and the student reads that."""
    submission = read_cells("%run parts/layers.ipynb", LINEAR)
    assert "cell 1 runs another notebook, layers.ipynb, which is not read" in " ".join(
        submission.reading.notes
    )
