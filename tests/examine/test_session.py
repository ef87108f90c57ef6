"""One submission through the real sandbox: every way in which student code can behave has its outcome and sentence."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from grader.examine.session import WALLS
from grader.intake import Submission, read_submission
from grader.model import Outcome, Result, TestResult
from grader.pipeline import contract_of, examine_all, run_info
from grader.sandbox.client import Zygote, start_zygote
from grader.sandbox.device import Device
from grader.sandbox.launch import ZygoteProcess
from grader.sandbox.protocol import SourceFile
from grader.score.scoring import score_submission
from tests.fixtures.tiny_assignment import (
    HALF_CREDIT,
    PROBES,
    RIGHT,
    TEST_BASICS,
    TEST_LAYERS,
    WRONG_DOUBLE,
    changed,
    make,
)

Grade = Callable[..., Result]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    started = start_zygote([SourceFile(name="probes.py", source=PROBES)])
    yield started
    started.close()


@pytest.fixture
def grade(zygote: Zygote, tmp_path: Path) -> Grade:
    """Grade a module's text in the real sandbox, by the tiny assignment with some of its files replaced."""

    def run(source: str, **replaced: str) -> Result:
        assignment = make(tmp_path / str(len(list(tmp_path.iterdir()))), **replaced)
        file = tmp_path / "tiny.py"
        file.write_text(source, encoding="utf-8")
        read = read_submission(file, contract_of(assignment))
        assert isinstance(read, Submission)
        (tests,) = examine_all([read], assignment, zygote, "secret", "cpu")
        return score_submission(assignment, read.id, tests, run_info(zygote, "secret", "cpu"), read.reading)

    return run


def only(result: Result, name: str) -> TestResult:
    (found,) = [test for test in result.tests if test.name == name]
    return found


def test_a_right_solution_gets_full_marks(grade: Grade) -> None:
    """Everything right: every test passed, all the points."""
    result = grade(RIGHT)
    assert result.score == result.max_score == 10
    assert {test.outcome for test in result.tests} == {Outcome.PASSED}


def test_the_same_seed_gives_the_same_result(grade: Grade) -> None:
    """A rerun with the seed differs in nothing but times."""

    def timeless(result: Result) -> Result:
        tests = tuple(msgspec.structs.replace(test, seconds=0.0) for test in result.tests)
        return msgspec.structs.replace(result, tests=tests)

    first, second = grade(WRONG_DOUBLE), grade(WRONG_DOUBLE)
    assert timeless(first) == timeless(second)


def test_what_pytest_has_installed_for_other_tests_plays_no_part(
    grade: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin that throws tests out, and options in the environment that pytest would stumble over."""
    installed = tmp_path / "site-packages"
    (installed / "thrower-1.0.dist-info").mkdir(parents=True)
    (installed / "thrower-1.0.dist-info" / "METADATA").write_text("Name: thrower\nVersion: 1.0\n")
    (installed / "thrower-1.0.dist-info" / "entry_points.txt").write_text("[pytest11]\nthrower = thrower\n")
    (installed / "thrower.py").write_text("def pytest_collection_modifyitems(items): items.clear()\n")
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    assert grade(RIGHT).score == 10
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"
    assert "PYTEST_DISABLE_PLUGIN_AUTOLOAD" not in os.environ


def test_a_wall_that_can_not_be_built_is_not_tried_for_every_test(tmp_path: Path) -> None:
    """Here that of a card which is not there: twice, and every test is unchecked."""
    if torch.cuda.is_available():
        pytest.skip("there is a card here")
    assignment = make(tmp_path)
    file = tmp_path / "tiny.py"
    file.write_text(RIGHT, encoding="utf-8")
    read = read_submission(file, contract_of(assignment))
    assert isinstance(read, Submission)
    counted = Counted(
        start_zygote(
            [SourceFile(name="probes.py", source=PROBES)],
            ZygoteProcess("strict", Device(kind="cuda", card="none")),
        )
    )
    try:
        (tests,) = examine_all([read], assignment, counted, "secret", "cuda")
    finally:
        counted.zygote.close()
    assert len(tests) > WALLS
    assert {test.outcome for test in tests} == {Outcome.UNCHECKED}
    assert counted.opened == WALLS


class Counted:
    """A sandbox that knows how many workers it was asked for."""

    def __init__(self, zygote: Zygote) -> None:
        self.zygote = zygote
        self.opened = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.zygote, name)

    def open(self, *limits: Any) -> Any:
        self.opened += 1
        return self.zygote.open(*limits)


def test_a_wrong_answer_costs_its_test(grade: Grade) -> None:
    """Wrong values fail their test with the difference, and follow-through spares what builds on them."""
    result = grade(WRONG_DOUBLE)
    values = only(result, "test_values")
    assert values.outcome is Outcome.FAILED
    assert values.message is not None
    assert "12 of 12 elements" in values.message
    built_on_it = only(result, "test_use_double")
    assert (built_on_it.outcome, built_on_it.own) == (Outcome.PASSED, Outcome.FAILED)
    assert result.score == 7


def test_partial_credit(grade: Grade) -> None:
    """`credit` gives part of the points and says for what."""
    scale = only(grade(HALF_CREDIT), "test_scale")
    assert (scale.outcome, scale.score) == (Outcome.FAILED, 2)
    assert scale.message == "the factor is kept as 3.5"


@pytest.mark.parametrize(
    ("body", "outcome", "words"),
    [
        (
            "raise ValueError('no idea')",
            Outcome.ERROR,
            "raised ValueError: no idea\n  tiny.py, line 6: raise Val",
        ),
        ("raise NotImplementedError", Outcome.ERROR, "is not implemented yet"),
        ("while True: pass", Outcome.TIMEOUT, "stopped after 3 s"),
        ("import os; os._exit(0)", Outcome.CRASHED, "exit status 0"),
        ("import os; os.kill(os.getpid(), 11)", Outcome.CRASHED, "SIGSEGV"),
        ("import sys; sys.exit()", Outcome.ERROR, "raised SystemExit"),
        ("raise KeyboardInterrupt", Outcome.ERROR, "raised KeyboardInterrupt"),
        (
            "import os, stat; [os.write(n, b'garbage!' * 9) for n in range(3, 64) if os.path.exists(f'/dev/fd/{n}')]",
            Outcome.CRASHED,
            "malformed",
        ),
        ("return torch.mul(x, 2)", Outcome.FORBIDDEN, "`torch.mul` is not allowed in this part; use a sum"),
        ("return getattr(torch, 'm' + 'ul')(x, 2)", Outcome.FORBIDDEN, "tiny.py, line 6"),
        ("return None", Outcome.FAILED, "None"),
        ("return (x + x).numpy()", Outcome.FAILED, "NumPy array"),
        ("return (x + x).double()", Outcome.FAILED, "float64"),
        ("return (x + x).expand(100000, 100000, *x.shape)", Outcome.FAILED, "too many"),
        ("return (x + x).to_sparse()", Outcome.FAILED, "sparse"),
        ("return x / 0", Outcome.FAILED, "inf"),
        ("return {1: 2}", Outcome.FAILED, "dict"),
        ("bytearray(2 * 2**30)", Outcome.ERROR, "MemoryError"),
    ],
)
def test_what_student_code_does_has_its_outcome(
    grade: Grade, body: str, outcome: Outcome, words: str
) -> None:
    """Each kind of misbehaviour costs the tests that meet it, with a sentence; the rest is graded as ever."""
    result = grade(changed("return x + x", body))
    values = only(result, "test_values")
    assert (values.outcome, values.score) == (outcome, 0)
    assert values.message is not None
    assert words in values.message
    assert only(result, "test_scale").outcome is Outcome.PASSED
    assert only(result, "test_use_double").outcome is Outcome.PASSED


def test_a_piece_that_hangs_is_not_waited_for_again(grade: Grade) -> None:
    """What builds on a piece that did not come back is graded with PyTorch's in its place first, at once."""
    result = grade(changed("return x + x", "while True: pass"))
    built_on_it = only(result, "test_use_double")
    assert (built_on_it.outcome, built_on_it.own) == (Outcome.PASSED, Outcome.TIMEOUT)
    assert built_on_it.seconds < 3  # the time limit of the test


def test_a_missing_name(grade: Grade) -> None:
    """What is not there is `missing`, and nothing else suffers."""
    result = grade(changed("class Scale", "class Scales"))
    scale = only(result, "test_scale")
    assert (scale.outcome, scale.message) == (Outcome.MISSING, "There is no `Scale` in your module.")
    assert result.score == 6


def test_a_definition_that_fails_costs_what_needs_it(grade: Grade) -> None:
    """An exception while loading is told where its name is asked for, with the student's line; the rest goes on."""
    result = grade(RIGHT.replace("self.factor = factor", "self.factor = factor\n\n    double = undefined"))
    scale = only(result, "test_scale")
    assert scale.outcome is Outcome.ERROR
    assert "raised NameError" in (scale.message or "")
    assert "tiny.py, line 14: double = undefined" in (scale.message or "")
    assert result.score == 6


def test_a_module_of_which_nothing_comes(grade: Grade) -> None:
    """Where loading leaves nothing, its first exception is every test's."""
    result = grade(
        "import nonsense\nbase = nonsense.Base\n" + "double = Scale = use_double = nonsense.make(base)\n"
    )
    assert {test.outcome for test in result.tests} == {Outcome.ERROR}
    assert (only(result, "test_values").message or "").startswith(
        "Loading your module raised ModuleNotFoundError"
    )


def test_what_it_prints_is_kept_and_bounded(grade: Grade) -> None:
    """Output is text beside the test, never more than the limit."""
    result = grade(changed("return x + x", "print('hello' * 100_000); return x + x"))
    printed = only(result, "test_values").printed or ""
    assert printed.startswith("hello")
    assert len(printed) <= 64 * 1024


def test_a_suite_that_fails_by_itself_is_the_graders_trouble(grade: Grade) -> None:
    """An exception of the hidden test's own is `unchecked`: no zero, and the score is withheld."""
    broken = TEST_BASICS.replace("x = draw.normal(size=(3, 4))", "x = draw.nonsense()")
    result = grade(RIGHT, TEST_BASICS=broken)
    values = only(result, "test_values")
    assert (values.outcome, values.score) == (Outcome.UNCHECKED, None)
    assert (result.status, result.score) == ("unchecked", None)


def test_exhibits_are_kept(grade: Grade) -> None:
    """What a test lays open for the feedback page is in the result."""
    (exhibit,) = only(grade(RIGHT), "test_scale").exhibits
    assert (exhibit.kind, exhibit.data) == ("factor", {"value": 3.0})


@pytest.mark.parametrize(
    "alive",
    [
        "load = torch.utils.data.DataLoader(torch.ones(8, 1), num_workers=2, persistent_workers=True)\n"
        "double.batches = iter(load)",
        "plain, asked = double, torch.set_num_threads(4)\nproduct = torch.ones(600, 600) @ torch.ones(600, 600)\n"
        "def double(x):\n    asked, product, torch.ones(600, 600) @ torch.ones(600, 600)\n    return plain(x)",
        "import threading, time\ndouble.idle = threading.Thread(target=time.sleep, args=(60,), daemon=True)\n"
        "double.idle.start()",
        "import signal\ndouble.before = signal.signal(signal.SIGALRM, lambda *_: None)\n"
        "double.timer = signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)",
    ],
    ids=["DataLoader", "OpenMP", "thread", "timer"],
)
def test_what_a_module_has_running_costs_nothing(grade: Grade, alive: str) -> None:
    """Processes, threads and timers that it started while it was loaded end or go on; right stays right."""
    result = grade(f"{RIGHT}\nrunning = [0]\n{alive}\n")
    assert {test.outcome for test in result.tests} == {Outcome.PASSED}


@pytest.mark.parametrize(
    "vandalism",
    [
        "torch.nn.Module.__call__ = None",
        "torch.set_default_dtype(torch.float64); torch.Tensor.__mul__ = torch.Tensor.__add__",
        "globals().pop('Scale', None)",
        "torch.from_numpy = lambda array: os.abort()",
    ],
)
def test_what_one_part_changes_costs_no_other(grade: Grade, vandalism: str) -> None:
    """A part that breaks torch, its own module or the process for everybody after it costs its own tests at most."""
    result = grade("import os\n" + changed("return x + x", f"y = x + x; {vandalism}; return y"))
    layers = [test for test in result.tests if test.part == "layers"]
    assert only(result, "test_scale").outcome is Outcome.PASSED
    assert [test.own or test.outcome for test in layers] == [Outcome.PASSED] * len(
        layers
    ) or "double" in vandalism


def test_parts_share_a_process_while_all_goes_well(grade: Grade) -> None:
    """A fork takes time: a right solution needs one in all, and what the first part left in it is there in the next."""
    source = changed("return x + x", "print('a long way'); return x + x").replace(
        "        return x * self.factor", "        print('still here'); return x * self.factor"
    )
    counted = "import os\nSTART = os.getpid()\n" + source.replace("'still here'", "os.getpid() - START")
    one, other = only(grade(counted), "test_scale").printed, only(grade(counted), "test_scale").printed
    assert one == other == "1\n"


def test_a_part_that_begins_again_has_its_own_past(grade: Grade) -> None:
    """What a part's earlier tests leave behind is its own doing: a second process for it does not hide that."""
    source = changed("return x * self.factor", "CALLS.append(1); return x * self.factor + (len(CALLS) > 1)")
    twice = (
        "def test_scale_again"
        + TEST_LAYERS.partition("def test_scale")[2].partition("@pytest.mark.exercise")[0]
    )
    again = '@pytest.mark.exercise("Scale")\n@pytest.mark.points(0)\n' + twice
    result = grade("CALLS = []\n" + source, TEST_LAYERS=TEST_LAYERS + "\n\n" + again)
    assert only(result, "test_scale").outcome is Outcome.PASSED
    assert only(result, "test_scale_again").outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("body", "outcome", "words"),
    [
        ("return [open('/dev/null') for _ in range(10**6)]", Outcome.ERROR, "At most 256 files may be open"),
        ("return [0] * 10**10", Outcome.ERROR, "At most 600 MB of memory may be used"),
        ("return torch.ones(10**10)", Outcome.ERROR, "At most 600 MB of memory may be used"),
        (
            "open('/scratch/big', 'wb').write(bytes(70 << 20))",
            Outcome.ERROR,
            "At most 64 MB may be written to files",
        ),
        (
            "import threading, time\n"
            "    [threading.Thread(target=time.sleep, args=(9,), daemon=True).start() for _ in range(200)]",
            Outcome.ERROR,
            "At most 64 processes and threads may run",
        ),
        (
            "import os, time\n    for _ in range(3): os.fork()\n    kept = b'x' * (200 << 20); time.sleep(9)",
            Outcome.CRASHED,
            "MB of memory; it may use 600 MB",
        ),
    ],
)
def test_a_limit_that_was_met_is_named(grade: Grade, body: str, outcome: Outcome, words: str) -> None:
    """What the system says tells neither which limit it was nor how much is allowed; the message does."""
    values = only(grade(changed("return x + x", body)), "test_values")
    assert values.outcome is outcome, values.message
    assert words in (values.message or "")


def test_what_is_printed_beyond_the_limit_is_counted(grade: Grade) -> None:
    """What was dropped is told, and how much is kept."""
    printed = only(
        grade(changed("return x + x", "print('long' * 50_000); return x + 1")), "test_values"
    ).printed
    assert printed is not None
    assert "more characters were printed; 64 KB are kept" in printed[-200:], printed[-300:]
