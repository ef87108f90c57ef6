"""What a student reads holds nothing of the hidden suite and nothing of the machine, whatever their code tries."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from grader.assignment import Assignment
from grader.examine.redaction import without_host_paths
from grader.intake import Submission, read_submission
from grader.model import Outcome, Result
from grader.pipeline import contract_of, examine_all, run_info
from grader.sandbox.client import Zygote, start_zygote
from grader.score.scoring import score_submission
from tests.fixtures.tiny_assignment import RIGHT, TOML, make

SECRET = "sesame_0451"
"""The seed: it must not be found either."""

EVERYTHING = """
import gc
import glob
import inspect
import linecache
import os
import sys
import traceback


def everything():
    found = []
    for frame in inspect.stack(context=5):
        found += [frame.filename, str(frame.code_context), str(frame.frame.f_locals)]
    for name, module in sorted(sys.modules.items()):
        if name in ("probes", "oracles", "tiny") or name.startswith("test_"):
            found += [name, str(vars(module))[:2000], str(getattr(module, "__file__", ""))]
    found += [str(entry[2])[:500] for name, entry in linecache.cache.items() if "torch" not in name]
    for path in glob.glob("/proc/*/cmdline") + glob.glob("/proc/*/environ") + glob.glob("/proc/*/mountinfo"):
        try:
            found.append(open(path, "rb").read().decode(errors="replace").replace(chr(0), " "))
        except OSError:
            pass
    return "\\n".join(found) + str(sys.path) + str(dict(os.environ)) + os.getcwd()


def from_all_objects():
    words = ("oracle", "expected", "test_", "secret")
    return [repr(thing)[:200] for thing in gc.get_objects() if any(word in repr(type(thing)) for word in words)]
"""

ATTEMPTS = {
    "an exception's message": "def double(x):\n    raise ValueError(everything())\n",
    "an exception's type": "def double(x):\n    raise type(everything()[:4000], (Exception,), {})\n",
    "an exception's notes and cause": (
        "def double(x):\n    error = ValueError('x')\n    error.add_note(everything())\n"
        "    raise error from RuntimeError(everything())\n"
    ),
    "what is printed": "def double(x):\n    print(everything(), from_all_objects())\n    return x\n",
    "a traceback printed": (
        "def double(x):\n    try:\n        1 / 0\n    except Exception:\n        traceback.print_exc()\n"
        "        traceback.print_stack()\n    return x\n"
    ),
    "a warning": "import warnings\ndef double(x):\n    warnings.warn(everything())\n    return x\n",
    "a text as an answer": "def double(x):\n    return everything()\n",
    "a key of an answer": "def double(x):\n    return {everything(): x}\n",
    "a name that is missing": "def double(x):\n    raise NameError(everything(), name=everything())\n",
    "a failing load": "class double:\n    print(everything())\n    raise ValueError(everything())\n",
    "a syntax error at run time": "def double(x):\n    exec('def', {'__file__': everything()})\n",
    "a recursion": "def double(x):\n    return double(x)\n",
}


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """Nothing is forbidden in it: what reaches for frames is to be run, not refused."""
    ban, following = TOML.index("[[parts.forbidden]]"), TOML.rindex("[[parts]]")
    return make(tmp_path_factory.mktemp("kept-secret"), TOML=TOML[:ban] + TOML[following:])


@pytest.fixture(scope="module")
def zygote(assignment: Assignment) -> Iterator[Zygote]:
    started = start_zygote(assignment.probes())
    yield started
    started.close()


def graded(source: str, assignment: Assignment, zygote: Zygote, folder: Path) -> Result:
    file = folder / "tiny.py"
    file.write_text(source, encoding="utf-8")
    read = read_submission(file, contract_of(assignment))
    assert isinstance(read, Submission)
    (tests,) = examine_all([read], assignment, zygote, SECRET, "cpu")
    run = msgspec.structs.replace(run_info(zygote, SECRET, "cpu"), seed="")
    return score_submission(assignment, read.id, tests, run, read.reading)


def secrets(assignment: Assignment) -> list[str]:
    """Every line of the hidden suite that says something, and the paths and seed that nobody must see."""
    lines = {
        line.strip()
        for file in assignment.hidden.glob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if len(line.strip()) > 20
    }
    titles = {"`double(x)` is twice x.", "`Scale(f)(x)` is f times x.", "`use_double(x)` doubles twice."}
    shown = {line for line in lines if any(title in line for title in titles) or line.startswith('"""')}
    hosts = {str(assignment.folder), str(Path(__file__).resolve().parents[2]), sys.prefix, sys.base_prefix}
    return sorted((lines - shown) | {path for path in hosts if path != "/usr"} | {SECRET})


@pytest.mark.parametrize("attempt", sorted(ATTEMPTS))
def test_nothing_of_the_suite_or_the_machine_is_told(
    attempt: str, assignment: Assignment, zygote: Zygote, tmp_path: Path
) -> None:
    """Neither lines of the hidden files, nor host paths, nor the seed are in the result."""
    result = graded(EVERYTHING + ATTEMPTS[attempt], assignment, zygote, tmp_path)
    told = msgspec.json.encode(result).decode().replace("\\n", "\n").replace('\\"', '"')
    assert {test.outcome for test in result.tests} <= {
        Outcome.ERROR,
        Outcome.FAILED,
        Outcome.MISSING,
        Outcome.PASSED,
    }
    assert [secret for secret in secrets(assignment) if secret in told] == []


def test_only_the_students_own_lines_are_shown(
    assignment: Assignment, zygote: Zygote, tmp_path: Path
) -> None:
    """The place of an exception is in the student's file, though the probe's and torch's frames are above and below."""
    source = RIGHT.replace("return x + x", "return torch.cat([x, torch.ones(1, 1, 1)])")
    result = graded(source, assignment, zygote, tmp_path)
    message = next(test.message for test in result.tests if test.name == "test_values")
    assert message is not None
    assert "\n  tiny.py, line 6: return torch.cat" in message
    assert "probes" not in message
    assert message.count("line ") == 1


def test_feedback_is_bounded(assignment: Assignment, zygote: Zygote, tmp_path: Path) -> None:
    """A message of a megabyte comes out as a short one, printed output within its limit."""
    source = "def double(x):\n    print('y' * 10**7)\n    raise ValueError('x' * 10**6)\n"
    result = graded(source, assignment, zygote, tmp_path)
    test = next(test for test in result.tests if test.name == "test_values")
    assert len(test.message or "") < 1000
    assert len(test.printed or "") <= assignment.limits.output_kb * 1024


def test_paths_of_the_environment_are_replaced() -> None:
    """Paths of the Python environment are called <python>; other text is left alone."""
    path = f"{sys.prefix}/lib/python3.11/site-packages/torch/nn/functional.py:1: UserWarning: careful"
    assert str(without_host_paths(path)).startswith("<python>")
    assert without_host_paths("nothing of it") == "nothing of it"
    assert without_host_paths(None) is None
