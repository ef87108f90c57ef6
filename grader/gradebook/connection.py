"""Opening the file: pragmas, the schema, and what SQLite's errors mean to the person at the keyboard."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from grader.errors import GraderError, UsageError
from grader.gradebook.lock import locked
from grader.gradebook.schema import TABLES, UPGRADES, VERSION

FILE = "gradebook.sqlite"
BUSY_SECONDS = 30.0


def connect(folder: Path) -> sqlite3.Connection:
    """The gradebook of a folder, made where there is none.

    Write-ahead log, and every commit waits until it is on the disk (`synchronous=FULL`): what was committed is
    there after a crash.  UsageError where it can't be written, isn't a gradebook or is a newer version's.
    """
    file = folder / FILE
    with explained(file):
        connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
        refuse_others(connection, file)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        make_tables(connection, file)
    return connection


@contextmanager
def connected_to_read(folder: Path) -> Iterator[sqlite3.Connection]:
    """An existing gradebook, to read alone; UsageError where there is none, or it turns out to be damaged.

    One of an older version becomes one of this version first.
    """
    file = existing(folder)
    with explained(file):
        with closing(opened_to_read(file)) as connection:
            is_old = version_of(connection) in UPGRADES
        if is_old:
            with locked(folder):
                connect(folder).close()
        with closing(opened_to_read(file)) as connection:
            connection.execute("PRAGMA query_only = ON")
            refuse_others(connection, file)
            refuse_version(version_of(connection), file)
            yield connection


def opened_to_read(file: Path) -> sqlite3.Connection:
    """SQLite wants to write beside a file that it reads.  Where we can't, and there is no log of somebody who does, it
    is told that nobody writes."""
    alone = not os.access(file.parent, os.W_OK) and not file.with_name(f"{file.name}-wal").exists()
    address = f"{file.absolute().as_uri()}?mode=rw{'&immutable=1' if alone else ''}"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def existing(folder: Path) -> Path:
    """The file of a gradebook that is there; UsageError where there is none."""
    file = folder / FILE
    if not file.is_file():
        raise UsageError(
            f"{folder}: there is no {FILE}; it is made by `grade batch FOLDER -a NAME -o {folder}`."
        )
    return file


def make_tables(connection: sqlite3.Connection, file: Path) -> None:
    """The tables of this version, whether there are none yet or those of an older one; its rows stay as they are."""
    version = version_of(connection)
    if version == 0:
        become(connection, TABLES, VERSION)
        return
    while version in UPGRADES:
        become(connection, UPGRADES[version], version + 1)
        version += 1
    refuse_version(version, file)


def refuse_others(connection: sqlite3.Connection, file: Path) -> None:
    """UsageError where the file is a database of another program's."""
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if objects and version_of(connection) == 0:
        raise UsageError(
            f"{file}: this is not a gradebook, but another program's database. Move it away, or choose another folder."
        )


def refuse_version(version: int, file: Path) -> None:
    """UsageError where a gradebook is none of this version's."""
    if version == 0:
        raise UsageError(f"{file}: nothing is in this gradebook yet. Run `grade batch` again.")
    if version != VERSION:
        raise UsageError(
            f"{file}: this gradebook has version {version}, this grader knows version {VERSION}. "
            "Use the grader that made it, or choose another folder."
        )


def become(connection: sqlite3.Connection, statements: str, version: int) -> None:
    """All of the statements and the new version's number, or nothing."""
    connection.executescript(f"BEGIN EXCLUSIVE; {statements} PRAGMA user_version = {version}; COMMIT;")


def version_of(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@contextmanager
def transaction(connection: sqlite3.Connection, file: Path) -> Iterator[None]:
    """All or nothing, and on the disk when it returns."""
    with explained(file):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if connection.in_transaction:  # SQLite has rolled back by itself where the disk is full
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """SQLite's errors as the grader's: whose fault it is, and what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_CANTOPEN:
            raise UsageError(
                f"{file}: can't be opened: {error}. It takes the right to write in its folder, too."
            ) from None
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
            raise UsageError(f"{file}: can't be written to: {error}.") from None
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise GraderError(
                f"{file}: another program keeps it ({error}). Nothing that was announced is lost: end what has it "
                "open, then run the same command again."
            ) from None
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise UsageError(
                f"{file}: this is not a gradebook, or it is damaged ({error}). Move it away, or choose another folder."
            ) from None
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise GraderError(
                f"{file}: can't be written: {error}. Nothing that was announced is lost: make room, then run the "
                "same command again."
            ) from None
        raise
