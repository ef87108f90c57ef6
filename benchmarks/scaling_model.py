"""How long 100,000 submissions take on 1 to 64 nodes: a table in docs/scaling.md is made by this command.

    python benchmarks/scaling_model.py [--submissions 60] [--class 100000] [--dry]

Nobody has 64 nodes at hand, so this is a simulation: a driver that serves one submission after another, nodes with as
many jobs as processors, DEPTH submissions for each job on their way.  What it is fed with is measured here by the
command itself, on a cluster of this machine's own; what it says of one and of two nodes is held against real runs.
"""

from __future__ import annotations

import argparse
import heapq
import os
import platform
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.batch import Workshop, seconds_of  # noqa: E402 - the checkout has to be found first
from benchmarks.executors import NODE, cluster_of  # noqa: E402
from grader.assignment import load_assignment  # noqa: E402
from grader.batch.remote.baggage import packed  # noqa: E402
from grader.batch.remote.fleet import DEPTH  # noqa: E402
from grader.gradebook import FILE  # noqa: E402

PAGE = ROOT / "docs" / "scaling.md"
BEGIN, END = "<!-- model -->", "<!-- end of model -->"
FEW = 4
PLANNED = 1000
NODES = (1, 2, 4, 8, 16, 32, 64)
CORES = 16
LINK_MB = 125.0
"""Megabytes a second: a network of 1 Gbit/s."""


@dataclass(frozen=True)
class Inputs:
    """What was measured: seconds of a submission on a job (one for each that was examined), seconds of the driver's
    processor and bytes over the network for a submission, seconds until the first begins, seconds for each submission
    before (to plan) and after all (tables and pages), and the suite's bytes."""

    seconds: tuple[float, ...]
    driver: float
    sent: float
    start: float
    before: float
    after: float
    suite: int


@dataclass(frozen=True)
class Outcome:
    """What the simulation says: seconds until the last has its grade, which part of its time each node's jobs and the
    driver were busy, and how many megabytes a second went over the driver's network."""

    seconds: float
    nodes_busy: tuple[float, ...]
    driver_busy: float
    megabytes: float


def simulate(inputs: Inputs, size: int, nodes: int, jobs: int) -> Outcome:
    """Each submission passes the driver once and then a job of the node that had room for it."""
    draw = random.Random(0)
    driver_free = 0.0
    free = [[0.0] * jobs for _ in range(nodes)]  # when each job will be, earliest first
    worked = [0.0] * nodes
    # whoever has room, in the order in which they have it: DEPTH times for each job at first, turn by turn
    room = [(0.0, turn, node) for turn in range(DEPTH * jobs) for node in range(nodes)]
    end = 0.0
    for number in range(size):
        asked, _, node = heapq.heappop(room)
        driver_free = max(driver_free, asked) + inputs.driver
        seconds = draw.choice(inputs.seconds)
        done = max(driver_free, heapq.heappop(free[node])) + seconds
        heapq.heappush(free[node], done)
        heapq.heappush(room, (done, number, node))
        worked[node] += seconds
        end = max(end, done)
    return Outcome(
        seconds=inputs.start + inputs.before * size + end,
        nodes_busy=tuple(one / (jobs * end) for one in worked),
        driver_busy=size * inputs.driver / end,
        megabytes=size * inputs.sent / end / 1e6,
    )


# ------------------------------------------------------------------------------------------ measuring


@dataclass(frozen=True)
class Moment:
    """What a running batch had done by then; `seconds` since its start, `processor` the driver's own."""

    seconds: float
    processor: float
    results: int
    network: int


@dataclass(frozen=True)
class Measured:
    """A real run: its moments, when it ended, and the seconds of each submission."""

    moments: tuple[Moment, ...]
    end: float
    seconds: tuple[float, ...]

    def graded(self) -> Moment:
        """When the last had its result."""
        return next(one for one in self.moments if one.results >= len(self.seconds))

    def after(self) -> float:
        """Seconds from then to the end."""
        return self.end - self.graded().seconds

    def begun(self) -> Moment:
        """When there was one result."""
        return next(one for one in self.moments if one.results)


def watched(command: Sequence[str], out: Path) -> Measured:
    """Run a batch and look at its driver meanwhile."""
    started = time.perf_counter()
    moments = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        driver = psutil.Process(running.pid)
        while running.poll() is None:
            times = driver.cpu_times()
            results = len(list((out / "results").glob("*.json")))
            network = psutil.net_io_counters(pernic=True)["lo"].bytes_sent
            moments.append(Moment(time.perf_counter() - started, times.user + times.system, results, network))
            time.sleep(0.05)
    assert running.returncode == 0, command
    with closing(sqlite3.connect(out / FILE)) as book:
        seconds = tuple(float(one) for (one,) in book.execute("SELECT seconds FROM attempts"))
    return Measured(tuple(moments), time.perf_counter() - started, seconds)


def measure(workshop: Workshop, ray: list[str], size: int) -> Measured:
    out = workshop.folder / f"measured{workshop.count}"
    return watched(workshop.batch(workshop.class_of(size), 1, out) + ray, out)


def inputs_of(few: Measured, many: Measured, both: Measured, before: float, suite: int) -> Inputs:
    """From runs of a few and of many on one node, and of many on two: there the driver is idle for the shortest time,
    and what it and Ray do meanwhile counts least."""
    begun, graded = both.begun(), both.graded()
    between = graded.results - begun.results
    more = len(many.seconds) - len(few.seconds)
    return Inputs(
        seconds=many.seconds,
        driver=(graded.processor - begun.processor) / between,
        sent=(graded.network - begun.network) / between,
        start=few.begun().seconds - few.seconds[0],
        before=before,
        after=(many.after() - few.after()) / more,
        suite=suite,
    )


def planning(workshop: Workshop) -> float:
    """Seconds for each submission before any is examined."""
    few, many = (
        seconds_of([*workshop.batch(workshop.class_of(size), 1), "--dry-run"]) for size in (FEW, PLANNED)
    )
    return max(0.0, many - few) / (PLANNED - FEW)


# ---------------------------------------------------------------------------------------------- page


def lines_of(inputs: Inputs, size: int, suite: str) -> list[str]:
    """The table's lines for one suite."""
    lines = []
    mean = statistics.mean(inputs.seconds)
    for nodes in NODES:
        found = simulate(inputs, size, nodes, CORES)
        efficiency = size * mean / (nodes * CORES) / found.seconds
        lines.append(
            f"| {suite} | {nodes} | {found.seconds / 3600:.2f} | {efficiency:.0%} | {found.driver_busy:.0%} | "
            f"{found.megabytes:.2f} MB/s |"
        )
    return lines


def limits_of(inputs: Inputs, suite: str) -> str:
    """What saturates first, in a sentence."""
    job = 1 / statistics.mean(inputs.seconds)
    driver, network = 1 / inputs.driver, LINK_MB * 1e6 / inputs.sent
    first = "driver" if driver < network else "network"
    most = min(driver, network)
    return (
        f"{suite}: a job does {job:.2g} submissions a second, the driver can serve {driver:.0f}, a network of 1 Gbit/s "
        f"carries {network:.0f}. The {first} saturates first, with {most / job:.0f} jobs: "
        f"{most / job / CORES:.0f} nodes of {CORES} processors."
    )


def compared(inputs: Inputs, real: Sequence[tuple[int, Measured]]) -> str:
    """How far off the simulation is where it can be held against a real run: fed with the measurement on one node, and
    with the run's own seconds a submission, which are more where nodes share one machine."""
    told = []
    for nodes, run in real:
        took, size = run.graded().seconds, len(run.seconds)
        foretold = simulate(inputs, size, nodes, 1).seconds
        own = simulate(replace(inputs, seconds=run.seconds), size, nodes, 1).seconds
        told.append(
            f"{size} submissions on {nodes} node{'s' * (nodes > 1)} of one processor took {took:.1f} s, the simulation "
            f"says {foretold:.1f} s ({foretold / took - 1:+.0%}), with that run's own seconds a submission {own:.1f} s "
            f"({own / took - 1:+.0%})"
        )
    return "; ".join(told) + "."


def page_of(light: Inputs, whole: Inputs, size: int, check: str) -> str:
    quick, full = "without the long training tests", "hw8"
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return "\n".join(
        [
            BEGIN,
            f"{size:,} submissions on nodes of {CORES} processors. Measured on {platform.machine()}, {os.cpu_count()} "
            f"cores, Python {platform.python_version()}, load average {load} at the end, {datetime.now(UTC):%Y-%m-%d}: "
            f"{statistics.mean(light.seconds):.2f} s a submission and job ({quick}; hw8 whole: "
            f"{statistics.mean(whole.seconds):.2f} s), of the driver's processor {1000 * light.driver:.1f} ms, over "
            f"the network {light.sent / 1000:.0f} kB with all that Ray says, once to each node a suite of "
            f"{light.suite / 1000:.0f} kB; {light.start:.1f} s until the first begins, {1000 * light.before:.1f} ms a "
            f"submission to plan.",
            "",
            "| suite | nodes | hours | efficiency | driver busy | network |",
            "| --- | --: | --: | --: | --: | --: |",
            *lines_of(whole, size, full),
            *lines_of(light, size, quick),
            "",
            "What saturates first:",
            "",
            f"- {limits_of(whole, full)}",
            f"- {limits_of(light, quick[0].upper() + quick[1:])}",
            f"- When all have their grades, tables and pages take {1000 * light.after:.0f} ms a submission more "
            f"in one process: {light.after * size / 3600:.1f} hours, divided by the driver's processors (`--jobs`). "
            "No node helps with that.",
            "",
            f"Held against real runs: {check}",
            END,
        ]
    )


def write_page(text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: text, page, flags=re.DOTALL), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--submissions", type=int, default=60, help="of a run that is measured")
    parser.add_argument("--class", dest="size", type=int, default=100_000)
    parser.add_argument("--dry", action="store_true", help="print it, write nothing")
    arguments = parser.parse_args()
    cluster = cluster_of(1)
    ray = ["--executor", "ray", "--address", str(cluster.address)]
    with tempfile.TemporaryDirectory(prefix="grade-benchmark-") as name:
        workshop = Workshop(Path(name), with_training=False)
        suite = len(packed(load_assignment(workshop.assignment)))
        few, many = (measure(workshop, ray, size) for size in (FEW, arguments.submissions))
        other = measure(workshop, ray, arguments.submissions // 2)
        cluster.add_node(wait=True, **NODE)
        both = measure(workshop, ray, arguments.submissions)
        light = inputs_of(few, many, both, planning(workshop), suite)
        (Path(name) / "whole").mkdir()
        long = measure(Workshop(Path(name) / "whole", with_training=True), ray, FEW)
    whole = replace(light, seconds=long.seconds)
    text = page_of(light, whole, arguments.size, compared(light, [(1, other), (2, both)]))
    if not arguments.dry:
        write_page(text)
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
