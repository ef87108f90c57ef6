"""`grade override`: a score changed by hand, with its author, time and reason."""

from __future__ import annotations

import getpass
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import msgspec
import typer

from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.gradebook import Gradebook
    from grader.model import Result
    from grader.score.rules import Override


def override(
    out: Annotated[Path, typer.Argument(help="The folder that `grade batch` wrote.")],
    student: Annotated[
        str | None, typer.Argument(help="A submission's id, or the student's id or name.")
    ] = None,
    part: Annotated[str | None, typer.Option("--part", help="The part to change.")] = None,
    test: Annotated[
        str | None, typer.Option("--test", help="The test to change: name or part::name.")
    ] = None,
    points: Annotated[
        float | None, typer.Option("--points", help="Add so many points: +3, or -2 to take away.")
    ] = None,
    score: Annotated[float | None, typer.Option("--set", help="Set the score to this.")] = None,
    why: Annotated[str | None, typer.Option("--why", help="The reason; students read it.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who changes it, where not you.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the changes made so far.")] = False,
    undo: Annotated[int | None, typer.Option("--undo", help="Take back the change of this number.")] = None,
) -> None:
    """Change a score by hand: it survives a regrade and shows wherever the score does."""
    if list_:
        list_changes(out, student)
        return
    from grader.batch.publish import Publisher
    from grader.gradebook import open_to_change

    with open_to_change(out) as book:
        if undo is not None:
            line = take_back(book, undo, student, author_of(by))
        else:
            change = wanted(part, test, points, score, why)
            line = make_change(book, whose(book, student), change, author_of(by))
        Publisher(book).renew()
    typer.echo(line)


class Wanted(NamedTuple):
    """What is asked for: where, what, why."""

    part: str | None
    test: str | None
    kind: Literal["add", "set"]
    points: float
    why: str


def wanted(
    part: str | None, test: str | None, points: float | None, score: float | None, why: str | None
) -> Wanted:
    """UsageError where something is missing or said twice."""
    if (part is None) == (test is None):
        raise UsageError("Say what to change: --part NAME or --test NAME, one of them.")
    if (points is None) == (score is None):
        raise UsageError("Say how: --points +3 or --set 12, one of them.")
    if why is None or not why.strip():
        raise UsageError('Say why: --why "..." is kept with the change, and the student reads it.')
    amount = points if points is not None else score
    assert amount is not None
    if not math.isfinite(amount):
        raise UsageError(f"{amount} is no number of points.")
    return Wanted(part, test, "set" if points is None else "add", amount, why.strip())


def make_change(book: Gradebook, submission: str, change: Wanted, author: str) -> str:
    """Keep it; the sentence that tells what it did."""
    from grader.gradebook.store import now
    from grader.score.policy import result_with
    from grader.score.rules import Override

    attempt = {name: number for number, name in book.current()}[submission]
    result = book.result(attempt)
    part, test, most = place_of(result, change)
    if change.kind == "set" and not 0 <= change.points <= most:
        raise UsageError(f"--set {change.points:g}: {test or part} is worth {most:g} points.")
    override = Override(
        id=0, submission=submission, part=part, test=test, kind=change.kind, points=change.points,
        why=change.why, author=author, made_at=now(), attempt=attempt, old=None,
    )  # fmt: skip
    before, after, _ = result_with(result, override)
    if before is None and change.kind == "add":
        raise UsageError(
            f"{test or part} has no score yet, since it could not be checked. Give it one by --set."
        )
    number = book.add_override(msgspec.structs.replace(override, old=before))
    total = book.result(attempt)
    return (
        f"Change {number}: {submission}, {test or part}: {shown(before)} -> {shown(after)}; "
        f"total {shown(total.score)} of {total.max_score:g}."
    )


def place_of(result: Result, change: Wanted) -> tuple[str, str | None, float]:
    """The part, the test if it is one, and what it is worth; UsageError where none or several have that name."""
    if change.part is not None:
        for part in result.parts:
            if part.name == change.part:
                return part.name, None, part.max_score
        raise UsageError(
            f"There is no part {change.part!r}. Choose among {', '.join(part.name for part in result.parts)}."
        )
    found = [test for test in result.tests if change.test in (test.name, f"{test.part}::{test.name}")]
    if len(found) != 1:
        keys = ", ".join(f"{test.part}::{test.name}" for test in found or result.tests)
        raise UsageError(f"{'Several tests are' if found else 'No test is'} called {change.test!r}: {keys}.")
    return found[0].part, found[0].name, found[0].max_score


def take_back(book: Gradebook, number: int, student: str | None, author: str) -> str:
    """Undo a change; UsageError where there is none of that number, or it is somebody else's or undone already."""
    found = next((one for one in book.overrides() if one.id == number), None)
    if found is None or (student is not None and found.submission != whose(book, student)):
        raise UsageError(f"There is no change {number}{f' of {student}' if student else ''}; see --list.")
    if found.undone_at is not None:
        raise UsageError(
            f"Change {number} was taken back already, by {found.undone_by} at {found.undone_at}."
        )
    book.undo_override(found, author)
    return f"Change {number} of {found.submission} is taken back."


def whose(book: Gradebook, student: str | None) -> str:
    """The submission of that id, else that of the only student of that id or name; UsageError where it is not clear."""
    if student is None:
        raise UsageError("Say whose score: a submission's id, or the student's id or name.")
    people = book.people()
    graded = {name for _, name in book.current()}
    exact = [one.submission for one in people if one.submission == student]
    known = [one.submission for one in people if student in (one.student, one.name, *one.aliases)]
    found = exact or known
    if len(found) > 1:
        raise UsageError(f"{student!r} may be any of {', '.join(found)}: give the submission's id.")
    if not found:
        raise UsageError(f"{book.folder}: there is no submission of {student!r}.")
    if found[0] not in graded:
        raise UsageError(f"{found[0]} was not graded yet: there is nothing to change.")
    return found[0]


def list_changes(out: Path, student: str | None) -> None:
    from grader.gradebook import open_to_read

    with open_to_read(out) as book:
        current = {name for _, name in book.current()}
        chosen = None if student is None else whose(book, student)
        changes = [one for one in book.overrides() if chosen in (None, one.submission)]
        lines = [line_of(one, current) for one in changes]
    typer.echo("\n".join(lines) or "No score was changed by hand.")


def line_of(one: Override, current: set[str]) -> str:
    how = f"{one.points:+g}" if one.kind == "add" else f"set to {one.points:g}"
    line = (
        f"{one.id}: {one.submission}, {f'{one.part}::{one.test}' if one.test else one.part}: {how} "
        f"(was {shown(one.old)}), {one.author}, {one.made_at}: {one.why}"
    )
    if one.undone_at is not None:
        return f"{line} [taken back by {one.undone_by}, {one.undone_at}]"
    return line if one.submission in current else f"{line} [another submission counts now]"


def author_of(by: str | None) -> str:
    """Who is named, else the account's name."""
    if by is not None and by.strip():
        return by.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise UsageError("This account has no name; say who you are: --by NAME.") from None


def shown(score: float | None) -> str:
    return "withheld" if score is None else f"{score:g}"
