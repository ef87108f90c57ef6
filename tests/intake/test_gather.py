"""What is read of a hand-in, and whose fault it is where nothing can be."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.intake.gather import carry, held
from grader.intake.layouts import find_submissions
from grader.intake.reading import read_submission
from grader.intake.records import Contract, OutOfReachError, Unreadable

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that any user may enter."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Whom a file's rights bind: they don't bind root."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(own)


@pytest.mark.parametrize("closed", ["hw8.py", "notes.txt", "data", "."])
def test_what_we_have_no_right_to_read_is_out_of_reach(folder: Path, contract: Contract, closed: str) -> None:
    """A file or a folder: what is left is not graded as if it were all.  It is told by name."""
    handed = folder / "ada"
    (handed / "data").mkdir(parents=True)
    for name in ("hw8.py", "notes.txt", "data/list.csv"):
        (handed / name).write_text("x = 1\n", encoding="utf-8")
    (handed / closed).chmod(0)
    with as_somebody_else():
        read = read_submission(handed, contract)
    (handed / closed).chmod(0o755)
    assert isinstance(read, Unreadable)
    assert read.out_of_reach
    assert (
        f"{'ada' if closed == '.' else closed} can't be read: its permissions forbid it"
        in read.message.replace("/", "")
    )


def test_what_has_gone_meanwhile_is_out_of_reach(folder: Path, contract: Contract) -> None:
    """Also where it is read here and graded elsewhere."""
    (folder / "ada.py").write_text("x = 1\n", encoding="utf-8")
    (found,) = find_submissions(folder)
    (folder / "ada.py").unlink()
    with pytest.raises(OutOfReachError, match=r"ada\.py can't be read: no such file"):
        held(found, contract)
    with pytest.raises(OutOfReachError, match=r"ada\.py can't be read: no such file"):
        held(found, contract, carry(found, contract))


def test_a_link_is_the_students_own(folder: Path, contract: Contract) -> None:
    """It is there, and not followed."""
    (folder / "ada.py").symlink_to("/etc/hostname")
    read = read_submission(folder / "ada.py", contract)
    assert isinstance(read, Unreadable)
    assert not read.out_of_reach
