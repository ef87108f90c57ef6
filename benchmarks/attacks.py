"""Every hostile submission against this grader, and the forging and tampering ones against plain pytest.

    python benchmarks/attacks.py [FAMILY ...] [--only GLOB] [--device cpu|cuda]

Writes the table into docs/security.md, between its markers, where all are tried on the CPU; else only prints it.

gained: submissions that got more points than they honestly deserve (`expect.toml`)
leaked: results that hold a line of the hidden suite, a path of this machine or the seed
harmed: a process, a file or a folder left behind, a test that could not be checked, or an honest submission that,
        graded after the family, gets another result than before
plain pytest: gained there, on a small suite in the usual way: same process, `torch.allclose`, exit status and report
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import psutil  # type: ignore[import-untyped]

from grader.assignment import Assignment, find_assignment
from grader.examine.suite import examine
from grader.intake import read_submission
from grader.intake.records import Submission
from grader.model import Record, TestResult
from grader.pipeline import contract_of, draw_seed, forbidden_calls, open_sandbox
from grader.sandbox.client import Sandbox
from grader.sandbox.device import Device
from grader.sandbox.gpu import choose
from grader.sandbox.tiers import tier_of
from grader.score.scoring import score_part

ROOT = Path(__file__).resolve().parents[1]
HOSTILE = ROOT / "solutions" / "hw8" / "hostile"
HONEST = ROOT / "solutions" / "hw8" / "partial" / "linear_and_mse_only.py"
PLAIN = Path(__file__).parent / "plain_suite" / "test_hw8.py"
DOCUMENT = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- attacks: begin -->", "<!-- attacks: end -->"
FAMILIES = ("forging", "tampering", "stealing", "evading", "performance", "exhausting")
COMPARED = ("forging", "tampering")
PLAIN_SECONDS = 60

Deserved = dict[str, float]


class Row(Record, frozen=True):
    """One family's line of the table."""

    family: str
    tried: int
    gained: dict[str, float]
    leaked: list[str]
    harmed: list[str]
    plain: int | None


class Bench:
    """One session's sandbox and what honest work gets in it."""

    def __init__(self, assignment: Assignment, sandbox: Sandbox, device: Device) -> None:
        self.assignment = assignment
        self.sandbox = sandbox
        self.device = device.kind
        self.seed = draw_seed()
        self.secrets = secrets(assignment, self.seed)
        sandbox.wait()
        self.honest = comparable(self.grade(HONEST))

    def grade(self, path: Path) -> list[TestResult]:
        read = read_submission(path, contract_of(self.assignment))
        if not isinstance(read, Submission):
            return []
        results: list[list[TestResult]] = []
        pair = (read, forbidden_calls(read, self.assignment))

        def deliver(_: Submission, tests: list[TestResult]) -> None:
            results.append(tests)

        examine(self.assignment, self.sandbox, [pair], deliver, seed=self.seed, device=self.device)
        return results[0]

    def whole(self, parts: Deserved) -> set[str]:
        """The parts of which all points are deserved."""
        return {part.name for part in self.assignment.parts if parts[part.name] == part.points}

    def row(self, family: str, only: str) -> Row:
        """Try a family's submissions whose names match."""
        gained: dict[str, float] = {}
        leaked: list[str] = []
        harmed: list[str] = []
        known = {
            name: parts for name, parts in deserved(self.assignment, family).items() if fnmatch(name, only)
        }
        for name, parts in known.items():
            before = traces()
            tests = self.grade(HOSTILE / family / name)
            more = points(self.assignment, tests) - sum(parts.values())
            gained |= {name: round(more, 2)} if more > 1e-9 else {}
            leaked += [name] if any(secret in told(tests) for secret in self.secrets) else []
            harmed += [name] if traces() - before or any(test.score is None for test in tests) else []
            print(f"{family}/{name}: {more:+g} points", file=sys.stderr, flush=True)  # noqa: T201 - takes long
        if comparable(self.grade(HONEST)) != self.honest:
            harmed.append("an honest submission graded afterwards")
        plain = None
        if family in COMPARED:
            plain = sum(
                gains_in_plain_pytest(HOSTILE / family / name, self.whole(parts))
                for name, parts in known.items()
            )
        return Row(family=family, tried=len(known), gained=gained, leaked=leaked, harmed=harmed, plain=plain)


# --------------------------------------------------------------------------------------- what is measured


def deserved(assignment: Assignment, family: str) -> dict[str, Deserved]:
    """What each submission of a family honestly deserves, at most, part by part."""
    full = {part.name: part.points for part in assignment.parts}
    told = tomllib.loads((HOSTILE / family / "expect.toml").read_text(encoding="utf-8"))
    return {name: granted(full, entries) for name, entries in told.items()}


def granted(full: Deserved, told: dict[str, float | str]) -> Deserved:
    """Words ("less", "some") stand for all the points of the part."""
    return {
        name: float(value) if isinstance(value := told.get(name, points), int | float) else points
        for name, points in full.items()
    }


def points(assignment: Assignment, tests: list[TestResult]) -> float:
    return sum(score_part(part.name, part.points, tests).score or 0.0 for part in assignment.parts)


def told(tests: list[TestResult]) -> str:
    """All that a student can read of a result, in one text."""
    return "\n".join(
        "\n".join(filter(None, (test.message, test.hint, test.printed, str(test.exhibits)))) for test in tests
    )


def comparable(tests: list[TestResult]) -> bytes:
    return msgspec.json.encode([msgspec.structs.replace(test, seconds=0.0) for test in tests])


def secrets(assignment: Assignment, seed: str) -> list[str]:
    """The hidden suite's lines, but for docstrings, which students do read; this machine's paths; the seed."""
    lines = {
        line.strip()
        for file in assignment.hidden.glob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if len(line.strip()) > 40 and not line.strip().startswith(('"""', "#", "from ", "import "))
    }
    return [*lines, str(ROOT), sys.prefix, seed]


def traces() -> frozenset[str]:
    """Processes under this one, and what lies in the folder for temporary files."""
    children = psutil.Process().children(recursive=True)
    folder = Path(tempfile.gettempdir())
    return frozenset(
        {f"process {child.pid}" for child in children} | {str(path) for path in folder.iterdir()}
    )


# ------------------------------------------------------------------------------------------- plain pytest


def gains_in_plain_pytest(submission: Path, whole: set[str]) -> bool:
    """Whether it passes a test of a part that is not `whole`, or ends in success without having passed all."""
    with tempfile.TemporaryDirectory() as folder:
        lay_out(submission, Path(folder))
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
            PLAIN.name,
        ]
        try:
            status = subprocess.run(
                command, cwd=folder, capture_output=True, timeout=PLAIN_SECONDS
            ).returncode
        except subprocess.TimeoutExpired:
            return False
        passed = list(passed_in(report))
        total = PLAIN.read_text(encoding="utf-8").count("\ndef test_")
    undeserved = [name for name in passed if name.split("_")[1] not in whole]
    return bool(undeserved) or (status == 0 and len(passed) < total)


def lay_out(submission: Path, folder: Path) -> None:
    """The submission and the suite in one folder, as is usual."""
    if submission.is_dir():
        shutil.copytree(submission, folder, dirs_exist_ok=True)
    else:
        shutil.copy(submission, folder / "hw8.py")
    shutil.copy(PLAIN, folder)


def passed_in(report: Path) -> Iterator[str]:
    """The tests that a JUnit report calls passed; a report that can't be read calls none."""
    try:
        tree = ElementTree.parse(report)
    except (OSError, ElementTree.ParseError):
        return
    for case in tree.iter("testcase"):
        if len([child for child in case if child.tag in ("failure", "error", "skipped")]) == 0:
            yield case.get("name", "")


# ---------------------------------------------------------------------------------------------- the table


def table(rows: list[Row]) -> str:
    lines = [
        "| family | tried | gained points | leaked | harmed | gained in plain pytest |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    lines += [
        f"| {row.family} | {row.tried} | {len(row.gained)} | {len(row.leaked)} | {len(row.harmed)} "
        f"| {'' if row.plain is None else row.plain} |"
        for row in rows
    ]
    lines += [
        f"\n{row.family}: `{name}` gains {more:g} points."
        for row in rows
        for name, more in row.gained.items()
    ]
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("families", nargs="*", default=FAMILIES, metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument("--only", default="*", metavar="GLOB", help="submissions, by their file's name")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    given = parser.parse_args()
    if unknown := set(given.families) - set(FAMILIES):
        parser.error(f"no such family: {', '.join(sorted(unknown))}")
    return given


def main() -> None:
    given = arguments()
    found = find_assignment("hw8")
    limits = msgspec.structs.replace(found.limits, test_seconds=5.0, load_seconds=10.0)
    assignment = msgspec.structs.replace(found, spec=msgspec.structs.replace(found.spec, limits=limits))
    device = choose(given.device, tier_of("strict")).device
    with tempfile.TemporaryDirectory() as own:
        tempfile.tempdir = own  # so that what others do in /tmp is not taken for harm
        with open_sandbox(assignment, "strict", device=device) as sandbox:
            bench = Bench(assignment, sandbox, device)
            rows = [bench.row(family, given.only) for family in given.families]
        tempfile.tempdir = None
    print(table(rows))  # noqa: T201 - a script
    for row in rows:
        print(row)  # noqa: T201
    if (tuple(given.families), given.only, given.device) == (FAMILIES, "*", "cpu"):
        between = f"{BEGIN}\n{table(rows)}\n{END}"
        text = DOCUMENT.read_text(encoding="utf-8")
        written = re.sub(f"{BEGIN}.*{END}", lambda _: between, text, flags=re.DOTALL)
        DOCUMENT.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
