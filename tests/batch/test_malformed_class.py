"""A class in which nearly every hand-in is broken goes through `grade batch` like any other."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader.assignment import load_assignment
from grader.batch import Order, grade_class
from grader.intake import find_submissions
from grader.model import Result, Status
from tests.fixtures.tiny_assignment import TOML, make
from tests.intake.malformed import write_class


class Unwatched:
    """Nobody watches."""

    def begin(self, total: int, kept: int) -> None: ...

    def running(self, ids: list[str]) -> None: ...

    def finished(self, result: Result) -> None: ...

    def trouble(self, submission: str | None, what: str) -> None: ...


@pytest.mark.timeout(400)
def test_every_malformed_hand_in_gets_its_result_and_words(tmp_path: Path) -> None:
    """None stops the batch, none is the grader's trouble, and each result holds the words that say what is wrong."""
    toml = TOML.replace('"double"', '"Linear"').replace('"Scale", "use_double"', OTHER_NAMES)
    assignment = make(tmp_path, TOML=toml.replace('name = "tiny"', 'name = "hw8"'), **SUITE)
    (tmp_path / "class").mkdir()
    written = write_class(tmp_path / "class")
    named = {one.id: written[one.path.name] for one in find_submissions(tmp_path / "class")}
    order = Order(
        folder=tmp_path / "class",
        assignment=load_assignment(assignment.folder),
        out=tmp_path / "out",
        jobs=2,
    )
    summary = grade_class(order, Unwatched())
    assert Status.UNCHECKED not in summary.statuses
    for name, malformed in named.items():
        text = (tmp_path / "out" / "results" / f"{name}.json").read_text()
        result = msgspec.json.decode(text, type=Result)
        assert result.status in (Status.GRADED, Status.UNREADABLE)
        told = (result.message or "") + msgspec.json.encode(result.reading).decode().replace('\\"', '"')
        assert [word for word in malformed.words if word not in told] == [], (name, told)


OTHER_NAMES = '"to_tensor", "Conv2d", "mse_loss", "train", "CNN", "accuracy"'
SUITE = {
    "PROBES": "def look(student, device):\n    return {'there': student.Linear is not None}\n",
    "TEST_BASICS": (
        "import pytest\n\n\n@pytest.mark.exercise('Linear')\n@pytest.mark.points(4)\ndef test_it(student):\n"
        '    """It is there."""\n    student.look("Linear")["there"].flag()\n'
    ),
    "TEST_LAYERS": (
        "import pytest\n\n\n@pytest.mark.exercise('mse_loss')\n@pytest.mark.points(6)\ndef test_it(student):\n"
        '    """It is there."""\n    student.look("Linear")["there"].flag()\n'
    ),
}
