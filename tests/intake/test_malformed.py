"""Whatever is handed in gets a sentence, and never an exception."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader.intake import Contract, Submission, Unreadable, find_submissions, read_submission
from tests.intake.handins import lay_out
from tests.intake.malformed import CORPUS, Malformed, write_class


def told(read: Submission | Unreadable) -> str:
    """All that the student is told of the reading."""
    message = read.message if isinstance(read, Unreadable) else ""
    return message + msgspec.json.encode(read.reading).decode().replace('\\"', '"')


@pytest.mark.parametrize("malformed", CORPUS, ids=lambda malformed: malformed.name[:40])
def test_the_account_holds_the_words(malformed: Malformed, tmp_path: Path, contract: Contract) -> None:
    """Each malformed submission is read or refused as its table says, in words that say why."""
    read = read_submission(malformed.build(tmp_path / malformed.name), contract)
    assert isinstance(read, Submission) == malformed.runs, told(read)
    assert [word for word in malformed.words if word not in told(read)] == [], told(read)


def test_a_class_of_them_is_found_whole(tmp_path: Path) -> None:
    """Every one is found, each under an id of its own that is fit for a file's name."""
    written = write_class(tmp_path)
    found = find_submissions(tmp_path)
    assert {one.path.name for one in found} == set(written)
    assert len({one.id.casefold() for one in found}) == len(found)
    assert all(len(one.id.encode()) <= 140 and one.id.isprintable() and "/" not in one.id for one in found)


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path) -> None:
    """As a zip of them is; files of no interest don't count."""
    files = {f"{number}.txt": "" for number in range(11)}
    few = Contract(names=("Linear",), file_count=10)
    read = read_submission(lay_out(tmp_path / "ada", files), few)
    assert isinstance(read, Unreadable)
    assert "10 files" in read.message
    hidden = {f".git/{number}": "" for number in range(50)}
    assert isinstance(
        read_submission(lay_out(tmp_path / "bob", {**hidden, "hw8.py": "class Linear: pass"}), few),
        Submission,
    )


def test_the_corpus_is_large() -> None:
    """At least eighty, each by a name of its own."""
    assert len({malformed.name for malformed in CORPUS}) == len(CORPUS) >= 80
