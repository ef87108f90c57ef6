"""A validation finds what a suite gets wrong, and says so in figures."""

from __future__ import annotations

import io
import shutil
import textwrap
from pathlib import Path

import pytest
from rich.console import Console

from grader.assignment import Assignment, load_assignment
from grader.errors import UsageError
from grader.report.validation import render
from grader.validate import Report, Trial, validate
from grader.validate.corpus import known_submissions
from grader.validate.substitution import substituted

FILES = {
    "assignments/tiny/assignment.toml": """
        name = "tiny"
        solution = "../../solutions/tiny"

        [[parts]]
        name = "sums"
        points = 3
        exercises = ["total", "count"]
    """,
    "assignments/tiny/tiny.py": """
        def total(values):
            raise NotImplementedError("total")

        def count(values):
            raise NotImplementedError("count")
    """,
    "assignments/tiny/hidden/probes.py": """
        def total(student, device, *, values):
            return {"total": student.total(values)}

        def count(student, device, *, values):
            return {"count": student.count(values)}
    """,
    "assignments/tiny/hidden/test_sums.py": """
        import pytest

        @pytest.mark.points(1)
        @pytest.mark.exercise("total")
        def test_total(student, draw):
            '''The sum.'''
            values = draw.standard_normal(5)
            total = student.total("total(values)", values=values)["total"].number()
            assert abs(total - values.sum()) < 1e-9, "total(values) is wrong"

        @pytest.mark.points(1)
        @pytest.mark.exercise("total")
        def test_losses(student, draw):
            '''The sum of negative numbers.'''
            values = -abs(draw.standard_normal(5))
            total = student.total("total(values)", values=values)["total"].number()
            assert abs(total - values.sum()) < 1e-9, "total(values) is wrong"

        @pytest.mark.points(1)
        @pytest.mark.exercise("count")
        @pytest.mark.time_limit(20)
        def test_count(student, draw):
            '''How many.'''
            answer = student.count("count(values)", values=draw.standard_normal(4))
            assert answer["count"].number() == 4, "count(values) is not how many there are"
    """,
    "assignments/tiny/hidden/misconceptions.py": """
        from grader.sandbox.misconception import misconception

        FACTOR = 2

        @misconception("total", hint="This is the mean.")
        def averaged(right, values):
            return right(values) / len(values)

        @misconception("total", hint="This is twice the sum.", aspect="factor")
        def doubled(right, values):
            return FACTOR * right(values)

        @misconception("count", hint="There is one too many.")
        def not_caught(right, values):
            return float(right(values))
    """,
    "solutions/tiny/tiny.py": """
        def total(values):
            return float(values.sum())

        def count(values):
            return len(values)
    """,
    "solutions/tiny/accepted/loops.py": """
        def total(values):
            result = 0.0
            for value in values:
                result += float(value)
            return result

        def count(values):
            return sum(1 for _ in values)
    """,
    "solutions/tiny/accepted/not_right.py": """
        def total(values):
            return float(values.max())

        def count(values):
            return len(values)
    """,
    "solutions/tiny/wrong/unfinished.py": """
        def total(values):
            return float(values.sum())
    """,
    "solutions/tiny/wrong/expect.toml": """
        ["unfinished.py"]
        sums = "some"
    """,
}


def written(folder: Path, files: dict[str, str]) -> Assignment:
    """The tiny assignment, in this folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return load_assignment(folder / "assignments" / "tiny")


@pytest.fixture
def tiny(tmp_path: Path) -> Assignment:
    return written(tmp_path, FILES)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The validation of the tiny assignment, behind the wall."""
    return validate(written(tmp_path_factory.mktemp("tiny"), FILES), ["one", "two"])


def trial(report: Report, name: str, kind: str) -> Trial:
    return next(trial for trial in report.trials if (trial.name, trial.kind) == (name, kind))


def test_every_submission_is_tried_with_every_seed(report: Report) -> None:
    """Master, stub, the known ones and the misconceptions: 8 submissions, 2 seeds, 16 trials."""
    assert (report.submissions, len(report.trials)) == (8, 16)


def test_the_master_and_the_stub_get_what_they_must(report: Report) -> None:
    """All points and none are no faults."""
    assert trial(report, "tiny.py", "master").score == 3
    assert trial(report, "tiny.py", "stub").score == 0
    assert not trial(report, "tiny.py", "master").faults
    assert not trial(report, "tiny.py", "stub").faults


def test_right_work_that_loses_points_is_a_false_rejection(report: Report) -> None:
    """An accepted submission that a test fails, with the test that failed it."""
    (fault,) = trial(report, "not_right.py", "accepted").faults
    assert (fault.kind, fault.part) == ("rejected", "sums")
    assert "1 of 3 points, expected all; test_total (failed): total(values) is wrong" in fault.message
    assert report.false_rejections == 2


def test_a_mistake_that_costs_nothing_is_a_false_acceptance(report: Report) -> None:
    """A misconception that no test fails."""
    (fault,) = trial(report, "not_caught", "misconception").faults
    assert (fault.kind, fault.part) == ("accepted", "sums")
    assert report.false_acceptances == 2


def test_a_misconception_put_into_the_master_gets_its_own_hint(report: Report) -> None:
    """It goes through intake and the wall like a student's work and is told what it is."""
    assert trial(report, "averaged", "misconception").hinted is True
    assert trial(report, "doubled", "misconception").hinted is True
    assert not trial(report, "averaged", "misconception").faults
    assert report.hint_accuracy == pytest.approx(2 / 3)


def test_a_report_with_faults_is_not_sound(report: Report) -> None:
    """What the exit status is made of; right submissions alone are sound."""
    assert not report.sound
    assert Report(assignment="tiny", seeds=("one",), trials=report.trials[:1]).sound


def test_the_page_says_what_is_wrong(report: Report) -> None:
    """The figures, the faults with their seeds, and the misconceptions without a hint."""
    screen = io.StringIO()
    Console(width=200, file=screen).print(render(report))
    page = screen.getvalue()
    assert "8 submissions x 2 seeds, 16 trials:" in page
    assert "false rejections: 2 of 6 right parts" in page
    assert "false acceptances: 2 of 10 wrong parts" in page
    assert "hint accuracy: 66.7 %" in page
    assert "false rejection: accepted not_right.py, part sums, seed one: 1 of 3 points, expected all" in page
    assert "without their own hint: not_caught" in page


@pytest.mark.parametrize("width", [72, 200])
def test_the_table_can_be_read_on_a_narrow_terminal_too(report: Report, width: int) -> None:
    """No heading and no figure is cut off."""
    screen = io.StringIO()
    Console(width=width, file=screen).print(render(report))
    page = screen.getvalue()
    assert "…" not in page
    assert all(word in page for word in ("mitted", "trials", "sound", "rejected", "accepted", "checked"))
    row = next(line for line in page.splitlines() if "misconceptions" in line)
    assert row.split()[1:] == ["3", "6", "4", "0", "2", "0"]


def test_to_choose_nothing_proves_nothing(tiny: Assignment) -> None:
    """A pattern with a typo in it must not look like a sound suite."""
    with pytest.raises(UsageError, match="nothing was chosen"):
        validate(tiny, ["one"], only=lambda known: False)


def test_long_tests_are_left_out_where_they_do_not_matter(report: Report) -> None:
    """A misconception about another exercise is tried without them, right work never."""
    (name,) = trial(report, "averaged", "misconception").left_out
    assert "test_count" in name
    assert trial(report, "averaged", "misconception").score == 0
    assert not trial(report, "not_caught", "misconception").left_out
    assert not trial(report, "loops.py", "accepted").left_out
    assert report.left_out == (name,)


def test_a_thorough_validation_leaves_nothing_out(tmp_path: Path) -> None:
    """Every test for every submission, in several processes."""
    report = validate(
        written(tmp_path, FILES), ["one"], jobs=2, thorough=True, only=lambda known: known.name == "doubled"
    )
    (doubled,) = report.trials
    assert (doubled.score, doubled.hinted, doubled.left_out) == (1, True, ())


def test_a_misconception_takes_the_place_of_what_it_is_about(tiny: Assignment) -> None:
    """A method too, and the right way is kept under another name."""
    from grader.examine.misconceptions import Misconception

    (tiny.hidden / "misconceptions.py").write_text(
        "def off(right, self, x):\n    return right(self, x) + 1\n"
    )
    master = "class Layer:\n    def forward(self, x):\n        return x\n"
    text = substituted(master, tiny.hidden, Misconception(name="off", target="Layer.forward", hint=""))
    namespace: dict[str, type] = {}
    exec(text, namespace)
    assert namespace["Layer"]().forward(1) == 2


def test_a_target_that_is_not_there_is_a_usage_error(tiny: Assignment) -> None:
    """The message names the misconception and the target."""
    from grader.examine.misconceptions import Misconception

    with pytest.raises(UsageError, match=r"off: the master does not define Layer\.backward"):
        substituted(
            "class Layer: ...", tiny.hidden, Misconception(name="off", target="Layer.backward", hint="")
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("['other.py']", "other.py: there is no such submission"),
        ("", "unfinished.py: what must it get"),
        ("['unfinished.py']\nsum = 0", r"unfinished.py\.sum: there is no such part"),
        ("['unfinished.py']\nsums = 'few'", r"unfinished.py\.sums: 'few'; expected a number of points"),
        ("['unfinished.py']\nsums = true", r"unfinished.py\.sums: True; expected a number of points"),
        ("['unfinished.py']\nstatus = 'lost'", r"unfinished.py\.status: expected \"unreadable\""),
        ("['unfinished.py'", "this is not TOML"),
    ],
)
def test_a_broken_expectation_is_a_usage_error(tiny: Assignment, text: str, message: str) -> None:
    """The message names the file and the key."""
    assert tiny.solution is not None
    (tiny.solution / "wrong" / "expect.toml").write_text(text)
    with pytest.raises(UsageError, match=message):
        known_submissions(tiny)


def test_without_a_master_there_is_nothing_to_validate_with(tiny: Assignment) -> None:
    """The message says which file, or that the assignment names no solution."""
    assert tiny.solution is not None
    (tiny.solution / "tiny.py").unlink()
    with pytest.raises(UsageError, match=r"the master tiny\.py is missing"):
        validate(tiny, ["one"])
    shutil.rmtree(tiny.solution)
    with pytest.raises(UsageError, match="names no solution"):
        validate(tiny, ["one"])


def test_a_folder_with_expectations_is_a_group(tiny: Assignment) -> None:
    """Any other folder is a submission; the name tells the group."""
    assert tiny.solution is not None
    (tiny.solution / "hostile" / "forging" / "folder").mkdir(parents=True)
    (tiny.solution / "hostile" / "forging" / "expect.toml").write_text('"folder" = { sums = 0 }\n')
    (known,) = [known for known in known_submissions(tiny) if known.kind == "hostile"]
    assert (known.name, known.expected) == ("forging/folder", {"sums": 0.0})


def test_an_unreadable_submission_must_get_nothing(tiny: Assignment) -> None:
    """Its status says so, and no part has points."""
    assert tiny.solution is not None
    (tiny.solution / "wrong" / "expect.toml").write_text("['unfinished.py']\nstatus = 'unreadable'\n")
    known = next(known for known in known_submissions(tiny) if known.kind == "wrong")
    assert (known.readable, known.expected) == (False, {"sums": 0.0})
