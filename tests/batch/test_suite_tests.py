"""Each test's digests, worked out of the suite as pytest collects it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.assignment import Assignment, load_assignment
from grader.batch.fingerprints import suite_digest
from grader.batch.suite_tests import described
from grader.errors import UsageError
from grader.examine.suite import collect
from grader.gradebook import Suite
from tests.fixtures.tiny_assignment import TEST_BASICS, make

MISCONCEPTIONS = """
@misconception("double", hint="One was added.")
def adds_one(right, x):
    return x + 1
"""


def suite_of(assignment: Assignment) -> Suite:
    """The suite as a job describes it."""
    suites: list[Suite] = []
    collect(
        assignment,
        lambda items: suites.append(described(items, assignment, suite_digest(assignment))),
    )
    return suites[0]


def touched(assignment: Assignment, file: str, old: str, new: str) -> tuple[set[str], set[str]]:
    """The tests whose verdict, and those whose hints, depend on something else after an edit."""
    before = {test.key: test for test in suite_of(assignment).tests}
    path = assignment.folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    after = suite_of(load_assignment(assignment.folder)).tests
    return (
        {test.key for test in after if test.digest != before[test.key].digest},
        {test.key for test in after if test.hints != before[test.key].hints},
    )


ALL = {"basics::test_values", "basics::test_empty", "layers::test_scale", "layers::test_use_double"}


@pytest.mark.parametrize(
    ("file", "old", "new", "tests"),
    [
        ("hidden/test_basics.py", "size=(3, 4)", "size=(3, 5)", {"basics::test_values"}),
        ("hidden/test_layers.py", "doubles twice", "doubles two times", {"layers::test_use_double"}),
        ("hidden/probes.py", "layer = student.Scale(factor)", "layer = student.Scale(1)", {"layers::test_scale"}),
        ("hidden/stand_ins.py", "return x + x", "return 2 * x", {"layers::test_use_double"}),
        ("hidden/oracles.py", "np.abs(exact), 1", "np.abs(exact), 2", ALL - {"basics::test_empty"}),
        ("assignment.toml", '"torch.mul", ', "", {"basics::test_values", "basics::test_empty"}),
        ("assignment.toml", "test_seconds = 3", "test_seconds = 4", ALL),
    ],
)  # fmt: skip
def test_an_edit_touches_the_tests_that_need_it(
    tmp_path: Path, file: str, old: str, new: str, tests: set[str]
) -> None:
    """A test's body, its title, a probe, the stand-ins, an oracle, a part's rules, a limit."""
    assert touched(make(tmp_path), file, old, new) == (tests, set())


def test_data_count_for_every_test(tmp_path: Path) -> None:
    """Which test reads a file can't be told: all run again."""
    assignment = make(tmp_path)
    (assignment.hidden / "data.txt").write_text("1", encoding="utf-8")
    assert touched(assignment, "hidden/data.txt", "1", "2") == (ALL, set())


def test_a_misconception_touches_hints_alone(tmp_path: Path) -> None:
    """The tests of its exercise have other hints; no verdict depends on it."""
    assignment = make(tmp_path)
    (assignment.hidden / "misconceptions.py").write_text(MISCONCEPTIONS, encoding="utf-8")
    assert touched(assignment, "hidden/misconceptions.py", "x + 1", "x + 2") == (
        set(),
        {"basics::test_values", "basics::test_empty"},
    )


def test_each_case_of_a_test_is_a_test(tmp_path: Path) -> None:
    """Parametrised tests have a name, points and a digest for each case; editing one list touches them all."""
    cases = TEST_BASICS.replace(
        "@pytest.mark.points(1)\ndef test_empty(student):",
        '@pytest.mark.points(0.5)\n@pytest.mark.parametrize("n", [0, 1])\ndef test_empty(student, n):',
    )
    assignment = make(tmp_path, TEST_BASICS=cases)
    keys = [test.key for test in suite_of(assignment).tests]
    assert keys[1:3] == ["basics::test_empty[0]", "basics::test_empty[1]"]
    touches, _ = touched(assignment, "hidden/test_basics.py", "zeros(0", "zeros(n - n")
    assert touches == set(keys[1:3])


def test_two_tests_of_one_name_are_refused(tmp_path: Path) -> None:
    """Their results could not be told apart."""
    twice = TEST_BASICS + (
        "\n\nclass TestMore:\n    @pytest.mark.points(0)\n    def test_empty(self, student):\n        pass\n"
    )
    with pytest.raises(UsageError, match="two tests called basics::test_empty"):
        suite_of(make(tmp_path, TEST_BASICS=twice))
