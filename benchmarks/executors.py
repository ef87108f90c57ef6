"""`grade batch --executor ray` against local jobs: a table in docs/performance.md is made by this command.

    python benchmarks/executors.py [--submissions 200] [--many 5000] [--repeats 3]

Two Ray nodes of one core each against two local jobs, start-up taken out by the difference to a class of a few.  The
suite is hw8's without the tests that train for long.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.batch import PAGE, Figure, Workshop, peak, resident, seconds_of  # noqa: E402 - found first
from grader.gradebook import FILE  # noqa: E402

BEGIN, END = "<!-- executors -->", "<!-- end of executors -->"
FEW = 4
NODE: dict[str, Any] = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 100 * 2**20}


def cluster_of(nodes: int) -> Any:
    """Ray's cluster on this machine, of so many nodes of one core; it ends with this process."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=NODE)
    for _ in range(nodes - 1):
        cluster.add_node(wait=True, **NODE)
    return cluster


def steady_seconds(few: Sequence[str], many: Sequence[str], between: int) -> float:
    """Seconds a submission, once everything has started."""
    return (seconds_of(many) - seconds_of(few)) / between


def waiting_share(out: Path, jobs: int) -> float:
    """What part of their time so many jobs were between two submissions, each from its first's start to its last's end:
    to tell what came of one, to be sent the next, to hear of it."""
    with closing(sqlite3.connect(out / FILE)) as book:
        rows = book.execute("SELECT made_at, seconds FROM attempts").fetchall()
    busy = [float(seconds) for _, seconds in rows]
    ends = [datetime.fromisoformat(made_at).timestamp() for made_at, _ in rows]
    starts = [end - seconds for end, seconds in zip(ends, busy, strict=True)]
    # the jobs' first starts are the earliest of all, their last ends the latest
    there = sum(sorted(ends)[-jobs:]) - sum(sorted(starts)[:jobs])
    return 1 - sum(busy) / there


def throughput(workshop: Workshop, ray: list[str], size: int, repeats: int) -> list[Figure]:
    """Two nodes over two jobs here, and how long the nodes wait for work."""
    few, many = workshop.class_of(FEW), workshop.class_of(size)
    ratios, shares = [], []
    for number in range(repeats):
        out = workshop.folder / f"remote{number}"
        local = steady_seconds(workshop.batch(few, 2), workshop.batch(many, 2), size - FEW)
        remote = steady_seconds(workshop.batch(few, 2) + ray, workshop.batch(many, 2, out) + ray, size - FEW)
        ratios.append(local / remote)
        shares.append(waiting_share(out, 2))
    what = f"throughput, Ray with two nodes of one core over two local jobs, {size} submissions"
    waiting = "time of the nodes' jobs between two submissions, as a share of all their time"
    return [
        Figure(what, tuple(ratios), "times", "at least 0.9"),
        Figure(waiting, tuple(shares), "", "at most 0.02"),
    ]


def memory(workshop: Workshop, ray: list[str], few: int, many: int) -> Figure:
    small, great = (
        peak(workshop.batch(workshop.class_of(size, None), 2) + ray, resident) for size in (few, many)
    )
    return Figure(f"driver's memory, {many} over {few} submissions", (great / small,), "times", "at most 1.3")


def write_page(figures: Sequence[Figure]) -> None:
    """The table between its markers, which are put at the page's end the first time."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    table = "\n".join(
        [
            BEGIN,
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load average {load} "
            f"at the end, {datetime.now(UTC):%Y-%m-%d}.",
            "",
            "| what | median | spread | aim |",
            "| --- | --- | --- | --- |",
            *(figure.line() for figure in figures),
            END,
        ]
    )
    page = PAGE.read_text(encoding="utf-8")
    if BEGIN not in page:
        page = f"{page.rstrip()}\n\n## On a cluster\n\n{BEGIN}{END}\n"
    text = re.sub(f"{BEGIN}.*{END}", lambda _: table, page, flags=re.DOTALL)
    PAGE.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--many", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dry", action="store_true", help="print the table, write nothing")
    arguments = parser.parse_args()
    ray = ["--executor", "ray", "--address", str(cluster_of(2).address)]
    with tempfile.TemporaryDirectory(prefix="grade-benchmark-") as name:
        workshop = Workshop(Path(name), with_training=False)
        figures = [
            *throughput(workshop, ray, arguments.submissions, arguments.repeats),
            memory(workshop, ray, 100, arguments.many),
        ]
    if not arguments.dry:
        write_page(figures)
    for figure in figures:
        print(figure.line())  # noqa: T201


if __name__ == "__main__":
    main()
