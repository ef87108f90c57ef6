"""How much `grade batch` costs besides the students' own code: docs/performance.md is made by this command.

    python benchmarks/batch.py [--submissions 100] [--repeats 3]

Every figure is a ratio or an overhead of things measured in turn in one run, with its spread over the repeats.
The suite is hw8's without the two tests that train for long, but for the one figure that says so.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
HW8 = ROOT / "assignments" / "hw8"
PAGE = ROOT / "docs" / "performance.md"
SUBMISSION = ROOT / "solutions" / "hw8" / "accepted" / "plain.py"
BEGIN, END = "<!-- batch -->", "<!-- end of batch -->"
LONG_TESTS = ("test_digits", "test_alphabet")


@dataclass(frozen=True)
class Figure:
    """One line of the table: what, the measured values, the unit, and the aim."""

    what: str
    values: tuple[float, ...]
    unit: str
    aim: str

    def line(self) -> str:
        middle, low, high = statistics.median(self.values), min(self.values), max(self.values)
        return f"| {self.what} | {middle:.3g} {self.unit} | {low:.3g} to {high:.3g} | {self.aim} |"


class Workshop:
    """Classes and assignments to measure with, in a folder of their own."""

    def __init__(self, folder: Path, *, with_training: bool) -> None:
        self.folder = folder
        self.assignment = HW8 if with_training else without_long_tests(folder / "light" / "hw8")
        self.count = 0

    def class_of(self, size: int, source: Path | None = SUBMISSION) -> Path:
        """A folder with so many submissions; empty files where there is no source."""
        self.count += 1
        folder = self.folder / f"class{self.count}"
        folder.mkdir()
        for number in range(size):
            target = folder / f"s{number:05}.py"
            shutil.copy(source, target) if source is not None else target.touch()
        return folder

    def batch(self, submissions: Path, jobs: int, out: Path | None = None) -> list[str]:
        self.count += 1
        out = out or self.folder / f"out{self.count}"
        return [
            sys.executable, "-m", "grader.cli", "batch", str(submissions), "-a", str(self.assignment),
            "-o", str(out), "--jobs", str(jobs), "--seed", "benchmark",
        ]  # fmt: skip


def without_long_tests(target: Path) -> Path:
    """A copy of hw8 without the tests that train for tens of seconds; the part's points are adjusted."""
    shutil.copytree(HW8, target, ignore=shutil.ignore_patterns("__pycache__"))
    tests = target / "hidden" / "test_cnn.py"
    text, lost = tests.read_text(encoding="utf-8"), 0.0
    for name in LONG_TESTS:
        pattern = rf"(?:^@pytest[^\n]*\n)+def {name}\(.*?(?=^(?:def|class|@|# ---)|\Z)"
        found = re.search(pattern, text, re.DOTALL | re.MULTILINE)
        assert found is not None, name
        points = re.search(r"points\(([\d.]+)\)", found.group())
        assert points is not None, name
        lost += float(points.group(1))
        text = text.replace(found.group(), "")
    tests.write_text(text, encoding="utf-8")
    toml = target / "assignment.toml"
    head, _, rest = toml.read_text(encoding="utf-8").partition('name = "cnn"')
    rest = re.sub(
        r"points = (\d+)", lambda match: f"points = {float(match.group(1)) - lost:g}", rest, count=1
    )
    solution = f'solution = "{ROOT / "solutions" / "hw8"}"'
    toml.write_text(re.sub(r"solution = .*", solution, head) + 'name = "cnn"' + rest, encoding="utf-8")
    return target


# ------------------------------------------------------------------------------------------ measuring


def seconds_of(command: Sequence[str], *, processors: int | None = None) -> float:
    """How long a command takes, on so many processors where that is given; it must succeed."""
    allowed = sorted(os.sched_getaffinity(0))[:processors]
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - started


def in_process(workshop: Workshop) -> tuple[float, float]:
    """One submission in a fresh process without a wall: seconds in all, and in the student's code."""
    command = [sys.executable, "benchmarks/in_process.py", str(workshop.assignment), str(SUBMISSION)]
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - started, float(done.stdout.split()[0])


def peak(command: Sequence[str], measure: Callable[[psutil.Process], float]) -> float:
    """The greatest value that a measurement of the running command gives."""
    greatest = 0.0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        process = psutil.Process(running.pid)
        while running.poll() is None:
            with suppress(psutil.Error):
                greatest = max(greatest, measure(process))
            time.sleep(0.05)
    assert running.returncode == 0
    return greatest


def resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss)


def family_pss(process: psutil.Process) -> float:
    """Proportional memory of a batch and all that it has started."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error):
            total += one.memory_full_info().pss
    return total


# -------------------------------------------------------------------------------------------- figures


def throughput(workshop: Workshop, size: int, repeats: int) -> list[Figure]:
    """Overhead, the comparison with a process per submission, and parallel efficiency."""
    jobs = 2
    overheads, ratios, efficiencies, shared = [], [], [], []
    submissions = workshop.class_of(size)
    for _ in range(repeats):
        alone = seconds_of(workshop.batch(submissions, 1), processors=1)
        one = seconds_of(workshop.batch(submissions, 1))
        two = seconds_of(workshop.batch(submissions, jobs))
        baseline, own = fresh_processes(workshop, jobs, max(2 * jobs, size // 10))
        overheads.append(jobs * two / size - own)
        ratios.append(baseline / (two / size))
        efficiencies.append(alone / (jobs * two))
        shared.append(one / (jobs * two))
    return [
        Figure(f"overhead per submission, {size} submissions, {jobs} jobs", tuple(overheads), "s", "at most 0.15 s"),
        Figure("throughput over a fresh pytest process per submission", tuple(ratios), "times", "at least 6"),
        Figure("parallel efficiency, 1 job on 1 processor to 2 on 2", tuple(efficiencies), "", "at least 0.9"),
        Figure("the same where the one job's batch has both processors", tuple(shared), "", ""),
    ]  # fmt: skip


def fresh_processes(workshop: Workshop, jobs: int, count: int) -> tuple[float, float]:
    """Seconds for each of so many submissions, each in a process of its own, and of that in the student's code.

    As many at a time as the batch has jobs: so the student's code is as slow as there.
    """
    started = time.perf_counter()
    with ThreadPoolExecutor(jobs) as pool:
        alone = list(pool.map(lambda _: in_process(workshop), range(count)))
    return (time.perf_counter() - started) / count, statistics.median(own for _, own in alone)


def with_training(folder: Path, size: int, repeats: int) -> Figure:
    """The comparison with a process per submission, by the whole suite."""
    jobs = 2
    workshop = Workshop(folder, with_training=True)
    submissions, ratios = workshop.class_of(size), []
    for _ in range(repeats):
        seconds = seconds_of(workshop.batch(submissions, jobs)) / size
        baseline, _ = fresh_processes(workshop, jobs, 2 * jobs)
        ratios.append(baseline / seconds)
    what = f"the same with the training tests, {size} submissions"
    return Figure(what, tuple(ratios), "times", "at least 1.3")


def rerun(workshop: Workshop, size: int, repeats: int) -> Figure:
    """The same command again, nothing changed."""
    submissions, out = workshop.class_of(size, None), workshop.folder / "rerun"
    seconds_of(workshop.batch(submissions, 2, out))
    values = tuple(seconds_of(workshop.batch(submissions, 2, out)) for _ in range(repeats))
    aim = f"at most {1 + 0.001 * size:.2f} s"
    return Figure(f"rerun of {size} submissions with nothing changed", values, "s", aim)


def parent_memory(workshop: Workshop, few: int, many: int) -> Figure:
    """The batch's own memory at many submissions over that at few."""
    small, great = (peak(workshop.batch(workshop.class_of(size, None), 1), resident) for size in (few, many))
    return Figure(f"parent memory, {many} over {few} submissions", (great / small,), "times", "at most 1.3")


def job_memory(workshop: Workshop, size: int, repeats: int) -> Figure:
    """What a second job adds to the proportional memory of everything; whether both are at their greatest at once is
    a matter of chance."""
    submissions, further = workshop.class_of(size), []
    for _ in range(repeats):
        one, two = (peak(workshop.batch(submissions, jobs), family_pss) for jobs in (1, 2))
        further.append((two - one) / 1e6)
    return Figure("each further job, proportional memory", tuple(further), "MB", "at most 100 MB")


def write_page(figures: Iterable[Figure], arguments: argparse.Namespace) -> None:
    """The table between its markers, and under which circumstances it came about."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    lines = [
        BEGIN,
        f"{arguments.submissions} submissions, {arguments.repeats} repeats. Suite: hw8 without its two long training "
        f"tests, where nothing else is said. {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, load average {load} at the end, "
        f"{datetime.now(UTC):%Y-%m-%d}.",
        "",
        "| what | median | spread | aim |",
        "| --- | --- | --- | --- |",
        *(figure.line() for figure in figures),
        END,
    ]
    page = PAGE.read_text(encoding="utf-8")
    text = "\n".join(lines)
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: text, page, flags=re.DOTALL), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--submissions", type=int, default=100)
    parser.add_argument("--many", type=int, default=2000, help="submissions for memory and rerun")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--whole", type=int, default=12, help="submissions for the comparison by the whole suite"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grade-benchmark-") as name:
        workshop = Workshop(Path(name), with_training=False)
        (whole := Path(name) / "whole").mkdir()
        figures = [
            *throughput(workshop, arguments.submissions, arguments.repeats),
            with_training(whole, arguments.whole, arguments.repeats),
            rerun(workshop, arguments.many, arguments.repeats),
            parent_memory(workshop, 50, arguments.many),
            job_memory(workshop, max(6, arguments.submissions // 10), arguments.repeats + 2),
        ]
    write_page(figures, arguments)
    for figure in figures:
        print(figure.line())  # noqa: T201


if __name__ == "__main__":
    main()
