"""Cutting a master into stub and solution."""

from __future__ import annotations

import types

import pytest

from grader.errors import UsageError
from grader.release.master import regions, solution, stub, telling_lines

MASTER = '''\
"""A master."""


class Linear:
    """y = A x + b."""

    # BEGIN SOLUTION: a constant
    secret_constant = 12345678
    # END SOLUTION

    def forward(self, x):
        """The product."""
        # BEGIN SOLUTION: y = "A" x + b
        total = self.weight * x
        return total + self.bias
        # END SOLUTION


def outer(x):
    def inner(y):
        # BEGIN SOLUTION
        return y + 1
        # END SOLUTION

    return inner(x)


# BEGIN SOLUTION: a helper, if you like
def helper_of_the_solution():
    return 1
# END SOLUTION
'''


def module_of(source: str) -> types.ModuleType:
    module = types.ModuleType("stub")
    exec(source, module.__dict__)
    return module


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as refused:
        stub(text, "hw8.py")
    return str(refused.value)


def test_a_hole_in_a_method_raises_with_the_name_of_its_exercise() -> None:
    linear = module_of(stub(MASTER, "hw8.py")).Linear()
    with pytest.raises(NotImplementedError, match=r'^Linear\.forward: y = "A" x \+ b$'):
        linear.forward(1)


def test_a_hole_in_a_nested_function_names_the_whole_path() -> None:
    with pytest.raises(NotImplementedError, match=r"^outer\.inner: your code$"):
        module_of(stub(MASTER, "hw8.py")).outer(1)


def test_a_stub_imports_though_holes_stand_outside_of_functions() -> None:
    names = vars(module_of(stub(MASTER, "hw8.py")))
    assert "helper_of_the_solution" not in names
    assert "secret_constant" not in vars(names["Linear"])


def test_a_hole_outside_of_functions_says_what_is_to_do() -> None:
    text = stub(MASTER, "hw8.py")
    assert "    pass  # Linear: a constant\n" in text
    assert "\npass  # a helper, if you like\n" in text


def test_a_class_that_is_all_solution_leaves_a_class() -> None:
    text = "class A:\n    # BEGIN SOLUTION: all of it\n    b = 1\n    # END SOLUTION\n"
    assert not hasattr(module_of(stub(text, "hw8.py")).A, "b")


def test_the_solution_is_the_master_without_its_markers() -> None:
    text = solution(MASTER, "hw8.py")
    assert "SOLUTION" not in text
    assert module_of(text).outer(1) == 2


def test_lines_outside_of_the_solutions_stay_as_they_are() -> None:
    kept = [
        line for line in stub(MASTER, "hw8.py").splitlines() if "raise Not" not in line and "pass" not in line
    ]
    assert [line for line in solution(MASTER, "hw8.py").splitlines() if line in kept] == kept


def test_a_master_without_solutions_is_its_own_stub() -> None:
    assert stub("x = 1\n", "hw8.py") == "x = 1\n"


def test_telling_lines_are_the_long_ones_that_stand_only_in_solutions() -> None:
    text = MASTER + "\n\nprint(total := self.weight * x)\ntotal = self.weight * x\n"
    assert telling_lines(text, "hw8.py") == {
        "secret_constant = 12345678",
        "return total + self.bias",
        "def helper_of_the_solution():",
    }


def test_a_solution_that_is_never_ended_is_refused_with_its_line() -> None:
    assert refusal("x = 1\n# BEGIN SOLUTION\ny = 2\n").startswith("hw8.py:2: this solution is never ended")


def test_an_end_without_a_begin_is_refused_with_its_line() -> None:
    assert refusal("x = 1\n# END SOLUTION\n").startswith("hw8.py:2: `# END SOLUTION` without")


def test_a_solution_in_a_solution_is_refused_with_both_lines() -> None:
    text = "# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION\n# END SOLUTION\n"
    assert refusal(text) == "hw8.py:2: a solution begins inside the one begun in line 1"


def test_a_solution_that_goes_on_in_the_next_cell_is_refused() -> None:
    text = "# BEGIN SOLUTION\nx = 1\n# %%\n# END SOLUTION\n"
    assert refusal(text) == "hw8.py:3: a cell begins inside the solution begun in line 1"


@pytest.mark.parametrize(
    "line",
    [
        "# begin solution",
        "x = 1  # BEGIN SOLUTION",
        "## BEGIN SOLUTION",
        "# BEGIN-SOLUTION",
        "# END SOLUTION.",
    ],
)
def test_what_only_looks_like_a_marker_is_refused(line: str) -> None:
    assert refusal(f"x = 1\n{line}\n").startswith(f"hw8.py:2: {line!r} is no marker")


def test_a_master_that_is_not_python_is_refused_with_its_line() -> None:
    assert refusal("x = 1\ny = (\n").startswith("hw8.py:2: not Python")


def test_a_stub_that_would_not_be_python_is_refused() -> None:
    text = "if True:\n    # BEGIN SOLUTION\n    x = 1\nelse:\n    # END SOLUTION\n    y = 1\n"
    assert solution(text, "hw8.py") == "if True:\n    x = 1\nelse:\n    y = 1\n"
    text = "# BEGIN SOLUTION\nif True:\n    # END SOLUTION\n    x = 1\n"
    assert refusal(text).startswith("the stub of hw8.py:2: not Python")


def test_regions_are_told_by_their_lines() -> None:
    assert [(region.first, region.last) for region in regions(MASTER, "hw8.py")] == [
        (7, 9), (13, 16), (21, 23), (28, 31),
    ]  # fmt: skip
