"""The gradebook: every attempt at every submission, durable before anybody hears of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from grader.errors import UsageError
from grader.gradebook import policies, rows
from grader.gradebook.changes import read_changes
from grader.gradebook.connection import (
    FILE,
    connect,
    connected_to_read,
    existing,
    explained,
    transaction,
)
from grader.gradebook.lock import locked
from grader.gradebook.records import (
    Attempt,
    Change,
    Ending,
    Environment,
    Latest,
    PastOutcome,
    Person,
    Row,
    Run,
    Suite,
    SuitePart,
    SuiteTest,
    key_of,
)
from grader.intake.records import Enrolled, Found
from grader.model import Outcome, Result, Status
from grader.score.policy import may_be_late, settle, time_is_missing
from grader.score.rules import HandIn, Override, Policy


class Gradebook:
    """An open gradebook.  Every method that writes returns when what it wrote is on the disk."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self.folder = folder
        self._connection = connection
        self._file = folder / FILE

    # ---------------------------------------------------------------------------------------- settings

    def setting(self, name: str) -> str | None:
        found = self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def set(self, **settings: str) -> None:
        with self._writing():
            self._connection.executemany(
                "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                settings.items(),
            )

    # ------------------------------------------------------------------------- suites and environments

    def suite(self, digest: str) -> Suite | None:
        """The suite of that digest, None where it was never met."""
        found = self._connection.execute("SELECT id FROM suites WHERE digest = ?", (digest,)).fetchone()
        return None if found is None else self._suite(found[0])

    def _suite(self, identity: int) -> Suite:
        (digest,) = self._connection.execute("SELECT digest FROM suites WHERE id = ?", (identity,)).fetchone()
        parts = self._connection.execute(rows.SUITE_PARTS, (identity,)).fetchall()
        tests = self._connection.execute(rows.SUITE_TESTS, (identity,))
        return Suite(
            id=identity,
            digest=digest,
            parts=tuple(SuitePart(name=name, title=title, max_score=of) for name, title, of in parts),
            tests=tuple(rows.suite_test(row) for row in tests),
        )

    def keep_suite(self, suite: Suite) -> Suite:
        """The suite with the gradebook's own numbers."""
        with self._writing():
            tests = [self._keep_test(test) for test in suite.tests]
            identity = self._insert("INSERT INTO suites (digest) VALUES (?)", (suite.digest,))
            parts = [
                (identity, at, part.name, part.title, part.max_score) for at, part in enumerate(suite.parts)
            ]
            self._connection.executemany("INSERT INTO suite_parts VALUES (?, ?, ?, ?, ?)", parts)
            members = [(identity, at, test) for at, test in enumerate(tests)]
            self._connection.executemany("INSERT INTO suite_tests VALUES (?, ?, ?)", members)
        return self._suite(identity)

    def _keep_test(self, test: SuiteTest) -> int:
        key = (test.part, test.name, test.digest, test.hints)
        known = self._connection.execute(rows.KNOWN_TEST, key).fetchone()
        return known[0] if known is not None else self._insert(rows.NEW_TEST, rows.test_row(test))

    def keep_environment(self, environment: Environment) -> Environment:
        """The environment with the gradebook's own number."""
        known = self._connection.execute(
            "SELECT id FROM environments WHERE digest = ?", (environment.digest,)
        ).fetchone()
        if known is not None:
            return self.environment(known[0])
        with self._writing():
            identity = self._insert("INSERT INTO environments (digest) VALUES (?)", (environment.digest,))
            facts = [(identity, name, value) for name, value in environment.facts.items()]
            self._connection.executemany("INSERT INTO environment_facts VALUES (?, ?, ?)", facts)
        return self.environment(identity)

    def environment(self, identity: int) -> Environment:
        (digest,) = self._connection.execute(
            "SELECT digest FROM environments WHERE id = ?", (identity,)
        ).fetchone()
        facts = self._connection.execute(
            "SELECT name, value FROM environment_facts WHERE environment = ?", (identity,)
        )
        return Environment(id=identity, digest=digest, facts=dict(facts.fetchall()))

    def environment_by_digest(self, digest: str) -> Environment:
        (identity,) = self._connection.execute(
            "SELECT id FROM environments WHERE digest = ?", (digest,)
        ).fetchone()
        return self.environment(identity)

    # -------------------------------------------------------------------------------------------- runs

    def begin(self, folder: Path, seed: str, jobs: int) -> Run:
        with self._writing():
            identity = self._insert(
                "INSERT INTO runs (started_at, folder, seed, jobs) VALUES (?, ?, ?, ?)",
                (now(), str(folder), seed, jobs),
            )
        return Run(id=identity, seed=seed, folder=str(folder))

    def end(self, run: Run, ending: Ending) -> None:
        with self._writing():
            self._connection.execute(
                "UPDATE runs SET ended_at = ?, ending = ? WHERE id = ?", (now(), ending, run.id)
            )

    def folder_of_submissions(self) -> Path | None:
        """Where the last run found the submissions; None where there was no run."""
        found = self._connection.execute("SELECT folder FROM runs ORDER BY id DESC LIMIT 1").fetchone()
        return None if found is None else Path(found[0])

    def note_trouble(self, run: Run, submission: str | None, what: str) -> None:
        """Keep what went wrong on the grader's side."""
        with self._writing():
            self._connection.execute(
                "INSERT INTO troubles (run, submission, made_at, what) VALUES (?, ?, ?, ?)",
                (run.id, submission, now(), what),
            )

    # ------------------------------------------------------------------------------------- submissions

    def see(self, folder: Path, found: Sequence[Found]) -> None:
        """What lies in a folder now; what lay there before and is gone has no row in grades.csv any more."""
        with self._writing():
            self._connection.execute("UPDATE submissions SET present = 0 WHERE folder = ?", (str(folder),))
            self._connection.executemany(rows.SEEN, (rows.seen(folder, one) for one in found))
            policies.write_aliases(self._connection, found)

    def missed(self, students: Iterable[Enrolled]) -> None:
        """Who is on the roster and handed nothing in; replaces what was kept of it before."""
        with self._writing():
            self._connection.execute("DELETE FROM absent")
            self._connection.executemany(
                "INSERT OR REPLACE INTO absent VALUES (?, ?)", ((one.student, one.name) for one in students)
            )

    def latest(self, submission: str) -> Latest | None:
        """The last attempt at a submission."""
        row = self._connection.execute(rows.LATEST, (submission,)).fetchone()
        return None if row is None else Latest(
            attempt=row[0], content=row[1], digest=row[2], suite=row[3], environment=row[4], seed=row[5],
            status=Status(row[6]), published=bool(row[7]),
        )  # fmt: skip

    def past_outcomes(self, attempt: int) -> dict[str, PastOutcome]:
        """What each test of an attempt gave, by the tests' keys."""
        found = self._connection.execute(rows.PAST_OUTCOMES, (attempt,))
        return {
            key_of(part, name): PastOutcome(digest=digest, hints=hints, outcome=Outcome(outcome))
            for part, name, digest, hints, outcome in found
        }

    # ---------------------------------------------------------------------------------------- attempts

    def record(self, run: Run, suite: Suite, environment: Environment, attempt: Attempt) -> int:
        """Keep one result; it is on the disk when this returns its number."""
        with self._writing():
            values = rows.attempt_row(run, suite, environment, attempt, now())
            identity = self._insert(rows.NEW_ATTEMPT, values)
            for statement, many in rows.details(identity, suite, attempt):
                self._connection.executemany(statement, many)
        return identity

    def recorded(self, attempt: int) -> Result:
        """A kept result as its tests gave it."""
        return rows.read_result(self._connection, attempt)

    def result(self, attempt: int) -> Result:
        """A kept result as it counts: after void tests, changes by hand and lateness, told by its `adjustments`."""
        recorded = self.recorded(attempt)
        policy = self.policy()
        overrides = policies.read_overrides(self._connection, recorded.submission)
        return settle(recorded, policy, overrides, self._hand_in(recorded.submission, policy))

    def made_in(self, attempt: int) -> dict[str, int]:
        """In which attempt each test's outcome was made, by the tests' keys."""
        found = self._connection.execute(rows.MADE_IN, (attempt,))
        return {key_of(part, name): made_in for part, name, made_in in found}

    def unpublished(self) -> list[tuple[int, str]]:
        """The present results (attempt, submission) whose files may not have been written."""
        return self._connection.execute(
            "SELECT id, submission FROM results WHERE NOT published ORDER BY submission"
        ).fetchall()

    def current(self) -> list[tuple[int, str]]:
        """All present results (attempt, submission)."""
        return self._connection.execute("SELECT id, submission FROM results ORDER BY submission").fetchall()

    def put_aside(self) -> list[str]:
        """The submissions with a result that is not of the class any more: gone from their folder, or an attempt before
        the one that counts."""
        found = self._connection.execute(
            "SELECT id FROM submissions WHERE NOT (present AND counts) "
            "AND EXISTS (SELECT * FROM attempts WHERE submission = submissions.id) ORDER BY id"
        )
        return [submission for (submission,) in found]

    def mark_published(self, attempts: Iterable[int]) -> None:
        with self._writing():
            self._connection.executemany(
                "UPDATE attempts SET published = 1 WHERE id = ?", ((identity,) for identity in attempts)
            )

    def changes(self) -> tuple[Change, ...]:
        """Whose score or status the last regrade changed."""
        return read_changes(self._connection)

    def grades(self, max_score: float) -> Iterator[Row]:
        """One row for each submission as it counts, then for each who handed nothing in, both sorted by name."""
        touched = self._touched()
        for row in rows.read_grades(self._connection, max_score):
            attempt = touched.get(row.submission) if row.status is not Status.NOT_HANDED_IN else None
            yield row if attempt is None else rows.row_of(self.result(attempt))

    # ------------------------------------------------------------------------------------------ policy

    def policy(self) -> Policy:
        """The rules as of the last batch."""
        return policies.read_policy(self._connection)

    def keep_policy(self, policy: Policy) -> None:
        """Keep the rules; where they are new, every result's file is to be written again."""
        text = policies.encode_policy(policy)
        if text == self.setting("policy"):
            return
        self.set(policy=text)
        with self._writing():
            self._connection.execute("UPDATE attempts SET published = 0")

    def keep_file_times(self, times: Mapping[str, float]) -> None:
        """When submissions' files were last changed, in seconds since 1970."""
        with self._writing():
            policies.write_file_times(self._connection, times)

    def untimed(self) -> tuple[str, ...]:
        """The present submissions to which the late rule can't be applied: nobody told when they were handed in."""
        policy = self.policy()
        hand_ins = policies.read_hand_ins(self._connection, policy)
        return tuple(sorted(one for one, hand_in in hand_ins.items() if time_is_missing(policy, hand_in)))

    def overrides(self) -> list[Override]:
        """All changes by hand, also those taken back, in the order in which they were made."""
        return policies.read_overrides(self._connection)

    def add_override(self, override: Override) -> int:
        """Keep a change by hand; its number."""
        with self._writing():
            number = self._insert(policies.NEW_OVERRIDE, policies.override_row(override))
            self._republish(override.submission)
        return number

    def undo_override(self, override: Override, author: str) -> None:
        """Take a change back; it stays in the record."""
        with self._writing():
            self._connection.execute(
                "UPDATE overrides SET undone_at = ?, undone_by = ? WHERE id = ?", (now(), author, override.id)
            )
            self._republish(override.submission)

    def people(self) -> list[Person]:
        """Whose the present submissions are, in the order of their ids."""
        return policies.read_people(self._connection)

    def parts(self) -> tuple[SuitePart, ...]:
        """The assignment's parts, as it was graded with last."""
        found = self._connection.execute("SELECT suite FROM attempts ORDER BY id DESC LIMIT 1").fetchone()
        return () if found is None else self._suite(found[0]).parts

    def _hand_in(self, submission: str, policy: Policy) -> HandIn:
        if policy.late is None:
            return HandIn()
        return policies.read_hand_ins(self._connection, policy, submission)[submission]

    def _touched(self) -> dict[str, int]:
        """The present attempts by submission whose score may be another than what their tests add up to."""
        policy = self.policy()
        touched = {one.submission for one in self.overrides()}
        if policy.late is not None:
            hand_ins = policies.read_hand_ins(self._connection, policy)
            touched |= {name for name, hand_in in hand_ins.items() if may_be_late(policy.late, hand_in)}
        return {name: attempt for attempt, name in self.current() if policy.void or name in touched}

    def _republish(self, submission: str) -> None:
        self._connection.execute("UPDATE attempts SET published = 0 WHERE submission = ?", (submission,))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with transaction(self._connection, self._file):
            yield

    def _insert(self, statement: str, values: Sequence[object]) -> int:
        identity = self._connection.execute(statement, values).lastrowid
        assert identity is not None
        return identity


@contextmanager
def open_to_read(folder: Path) -> Iterator[Gradebook]:
    """An existing gradebook, also while a batch is writing it; UsageError where there is none."""
    with connected_to_read(folder) as connection:
        yield Gradebook(connection, folder)


@contextmanager
def open_to_change(folder: Path) -> Iterator[Gradebook]:
    """An existing gradebook, nobody else's to write meanwhile; UsageError where there is none or it is locked."""
    existing(folder)
    with locked(folder), closing(connect(folder)) as connection, explained(folder / FILE):
        yield Gradebook(connection, folder)


@contextmanager
def open_gradebook(folder: Path, assignment: str) -> Iterator[Gradebook]:
    """The gradebook of a folder, made with it where there is none, and nobody else's to write meanwhile.

    UsageError where the folder can't be made or written, another process is writing, or the gradebook is of
    another assignment.
    """
    make_folder(folder)
    with locked(folder), closing(connect(folder)) as connection, explained(folder / FILE):
        book = Gradebook(connection, folder)
        claim(book, assignment)
        yield book


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: the folder can't be made: {error.strerror}.") from None


def claim(book: Gradebook, assignment: str) -> None:
    owner = book.setting("assignment")
    if owner is None:
        book.set(assignment=assignment)
    elif owner != assignment:
        raise UsageError(
            f"{book.folder}: this is the gradebook of {owner}, not of {assignment}. Choose another folder."
        )


def now() -> str:
    """For people to read; nothing is ordered by it, since clocks go back."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
