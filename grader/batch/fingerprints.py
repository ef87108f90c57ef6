"""Digests: what a result was made of, so that it is made again when, and only when, one of them has changed.

Everything here is quick and imports neither torch nor pytest: a batch with nothing to do should end at once.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

import grader
from grader import __version__
from grader.assignment import Assignment
from grader.errors import UsageError
from grader.gradebook import Environment
from grader.intake.gather import held
from grader.intake.records import Carried, Contract, Found, UnreadableError

DECIDING = ("assignment.py", "model.py", "plain.py", "intake", "sandbox", "examine", "score")
"""The parts of the grader that decide a result."""


def digest_of(value: Any) -> str:
    """SHA-256 of plain data."""
    return hashlib.sha256(msgspec.msgpack.encode(value)).hexdigest()


def environment_of(
    assignment: Assignment, sandbox: str, device: str, elsewhere: Mapping[str, str] | None = None
) -> Environment:
    """All that a result depends on besides submission, suite and seed; `elsewhere`: what is other than on this machine,
    where others compute."""
    facts = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}",
        "torch": version("torch"),
        "numpy": version("numpy"),
        "grader": __version__,
        "code": code_digest(),
        "sandbox": sandbox,
        "device": device,
        "packages": " ".join(assignment.spec.packages),
        **{name: str(value) for name, value in msgspec.structs.asdict(assignment.limits).items()},
        **(elsewhere or {}),
    }
    return Environment(digest=digest_of(sorted(facts.items())), facts=facts)


def code_digest() -> str:
    """Of the grader's own source, as far as it decides results: two checkouts may bear the same version."""
    package = Path(grader.__file__).parent
    files = (file for name in DECIDING for file in sorted(python_files(package / name)))
    return digest_of([(str(file.relative_to(package)), file.read_bytes()) for file in files])


def python_files(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob("*.py"))


# ---------------------------------------------------------------------------------------------- suites


def suite_digest(assignment: Assignment) -> str:
    """Of every file that the verdicts of an assignment depend on."""
    return digest_of([(name, hashlib.sha256(data).digest()) for name, data in suite_files(assignment)])


def suite_files(assignment: Assignment) -> Iterator[tuple[str, bytes]]:
    """The specification, the hidden folder and the solution, by name."""
    try:
        yield "assignment.toml", (assignment.folder / "assignment.toml").read_bytes()
        for file in hidden_files(assignment):
            yield str(file.relative_to(assignment.folder)), file.read_bytes()
        yield "solution", solution_text(assignment)
    except OSError as error:
        raise UsageError(f"{error.filename}: can't be read: {error.strerror}.") from None


def hidden_files(assignment: Assignment) -> list[Path]:
    """The hidden folder's files, without caches."""
    files = (file for file in assignment.hidden.rglob("*") if file.is_file())
    return sorted(file for file in files if counts(file.relative_to(assignment.hidden)))


def counts(file: Path) -> bool:
    """Whether a file is one that somebody wrote, not a cache, an editor's copy or hidden."""
    made = any(part.startswith(".") or part == "__pycache__" for part in file.parts)
    return not made and file.suffix not in (".pyc", ".pyo") and not file.name.endswith("~")


def solution_text(assignment: Assignment) -> bytes:
    """The solution, which hints are found with; empty where there is none."""
    if assignment.solution is None:
        return b""
    file = assignment.solution / f"{assignment.name}.py"
    return file.read_bytes() if file.is_file() else b""


# ----------------------------------------------------------------------------------------- submissions


def content_digest(found: Found, contract: Contract, carried: Carried | None = None) -> str:
    """Of what was handed in, byte for byte.  It is the same where a submission need not be read again."""
    try:
        holding = held(found, contract, carried)
    except UnreadableError as error:
        return digest_of(["unreadable", str(error)])
    several = len(holding.files) > 1  # which of several counts may depend on their times
    files = [
        (file.path, hashlib.sha256(file.data).digest(), file.modified if several else 0.0)
        for file in holding.files
    ]
    return digest_of([files, holding.notes])
