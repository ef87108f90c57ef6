"""`kill -9` at random moments of running batches: does a rerun always end with the gradebook of an undisturbed run?

    python benchmarks/kill_storm.py [--kills 200] [--jobs 2]

Each round starts a batch into a fresh folder, kills the batch itself, one of its examiners or one of its zygotes
at a random moment, looks that nothing is left running, runs the same command again, and compares.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from grader.gradebook import FILE  # noqa: E402 - the checkout has to be found first
from tests.fixtures.tiny_assignment import HALF_CREDIT, RIGHT, WRONG_DOUBLE, make  # noqa: E402

VICTIMS = ("batch", "examiner", "zygote")
TEXTS = (RIGHT, WRONG_DOUBLE, HALF_CREDIT, "def double(:", "raise SystemExit", "x = 1")
SEED = "0123456789abcdef"
END_SECONDS = 110.0


class Classroom:
    """A tiny assignment and a class that has handed in."""

    def __init__(self, folder: Path, size: int, jobs: int = 1) -> None:
        make(folder)
        self.folder = folder
        self.jobs = jobs
        self.size = size
        self.submissions = folder / "class"
        self.submissions.mkdir()
        for number in range(size):
            text = TEXTS[number % len(TEXTS)]
            (self.submissions / f"s{number:03}.py").write_text(text, encoding="utf-8")

    def command(self, out: Path) -> list[str]:
        return [
            sys.executable, "-m", "grader.cli", "batch", str(self.submissions), "-a", str(self.folder / "tiny"),
            "-o", str(out), "--jobs", str(self.jobs), "--seed", SEED,
        ]  # fmt: skip

    def start(self, out: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(out), cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def run(self, out: Path) -> subprocess.CompletedProcess[str]:
        """The batch, undisturbed."""
        return subprocess.run(
            self.command(out), cwd=ROOT, text=True, capture_output=True, check=False, timeout=END_SECONDS
        )


def family(batch: int) -> list[psutil.Process]:
    """Everything that a batch has started."""
    try:
        return list(psutil.Process(batch).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def victim_of(batch: int, kind: str) -> int | None:
    """The process to kill, None where there is none of the kind yet.

    Not one that a zygote has forked: a student's code may kill those, so their end is the submission's.
    """
    if kind == "batch":
        return batch
    mark, parent = {"examiner": ("grader.batch.job", ""), "zygote": ("grader.sandbox.zygote", "bwrap")}[kind]
    found = [one.pid for one in family(batch) if mark in said(one) and "bwrap" not in said(one)]
    found = [one for one in found if parent in said_by_parent(one)]
    return random.choice(found) if found else None


def said(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def said_by_parent(process: int) -> str:
    try:
        parent = psutil.Process(process).parent()
    except psutil.NoSuchProcess:
        return ""
    return said(parent) if parent is not None else ""


def kill_once(
    batch: subprocess.Popen[str], kind: str, ready: Callable[[], bool]
) -> tuple[str, list[psutil.Process]]:
    """Wait until it is time, kill; what was killed ("nothing" where it had ended) and what ran by then."""
    while batch.poll() is None and not ready():
        time.sleep(0.002)
    running = family(batch.pid)
    victim = victim_of(batch.pid, kind) if batch.poll() is None else None
    if victim is None:
        return "nothing", running
    try:
        psutil.Process(victim).send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return "nothing", running
    return kind, running


def left_over(running: Sequence[psutil.Process], seconds: float = 10.0) -> list[psutil.Process]:
    """Those that still run after so long."""
    _, alive = psutil.wait_procs(list(running), timeout=seconds)
    return [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def gradebook_of(out: Path) -> dict[str, Any]:
    """All that a batch leaves behind, without what depends on the clock."""
    with closing(sqlite3.connect(out / FILE)) as plain:
        (integrity,) = plain.execute("PRAGMA integrity_check").fetchone()
        kept = plain.execute(
            "SELECT submission, part, name, outcomes.outcome, outcomes.score, outcomes.message, hint, own, printed "
            "FROM results JOIN outcomes ON attempt = results.id JOIN tests ON tests.id = test "
            "ORDER BY submission, part, name"
        ).fetchall()
    results = {file.name: without_times(file) for file in sorted((out / "results").glob("*.json"))}
    return {
        "integrity": integrity,
        "grades": (out / "grades.csv").read_text(),
        "results": results,
        "outcomes": kept,
    }


def without_times(file: Path) -> Any:
    result = json.loads(file.read_text())
    return {**result, "tests": [{**test, "seconds": None} for test in result["tests"]]}


def storm(kills: int, jobs: int, size: int) -> Counter[str]:
    """So many kills, each followed by a rerun; AssertionError at the first difference."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="grade-storm-") as name:
        classroom = Classroom(Path(name), size, jobs)
        started = time.monotonic()
        assert classroom.run(Path(name) / "undisturbed").returncode == 0
        usual = time.monotonic() - started
        expected = gradebook_of(Path(name) / "undisturbed")
        while sum(counts.values()) - counts["nothing"] < kills:
            out = Path(name) / "out"
            killed = one_round(classroom, out, random.choice(VICTIMS), after(random.uniform(0.0, usual)))
            counts[killed] += 1
            assert gradebook_of(out) == expected, f"another gradebook after killing the {killed}"
            shutil.rmtree(out)
            sys.stderr.write(f"\r{dict(counts)} ")
    return counts


def after(seconds: float) -> Callable[[], bool]:
    """Whether so much time has passed since now."""
    moment = time.monotonic() + seconds
    return lambda: time.monotonic() > moment


def one_round(classroom: Classroom, out: Path, kind: str, ready: Callable[[], bool]) -> str:
    """A batch in which one process is killed, and the run after it."""
    with classroom.start(out) as batch:
        killed, running = kill_once(batch, kind, ready)
        _, complaint = batch.communicate(timeout=END_SECONDS)
    expected = {"batch": (-signal.SIGKILL,), "nothing": (0,)}.get(killed, (0, 1))
    assert batch.returncode in expected, f"{killed} killed, exit status {batch.returncode}: {complaint}"
    left = left_over(running)
    assert not left, f"after killing the {killed} these still run: {left}"
    again = classroom.run(out)
    assert again.returncode == 0, again.stderr
    return killed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--size", type=int, default=12, help="submissions in the class")
    arguments = parser.parse_args()
    counts = storm(arguments.kills, arguments.jobs, arguments.size)
    sys.stderr.write("\n")
    print(f"{sum(counts.values())} rounds, every gradebook as undisturbed: {dict(counts)}")  # noqa: T201


if __name__ == "__main__":
    main()
