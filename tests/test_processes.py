"""Processes that share work: none outlives the one that it works for."""

from __future__ import annotations

import subprocess
import sys

import psutil  # type: ignore[import-untyped]
import pytest

from grader.processes import pool

WORKS = """
import sys, time
from grader.processes import pool

if __name__ == "__main__":
    with pool(2) as processes:
        list(processes.map(abs, range(4)))
        print("ready", flush=True)
        {then}
"""


def test_work_is_shared_in_order() -> None:
    with pool(2) as processes:
        assert list(processes.map(abs, range(-9, 0))) == list(range(9, 0, -1))


@pytest.mark.parametrize("then", ["time.sleep(60)", "list(processes.map(time.sleep, [60, 60]))"])
def test_they_end_with_a_parent_that_is_killed(then: str) -> None:
    """Whether they wait for work or do some: `kill -9` of the one who sends it leaves nothing running."""
    command = [sys.executable, "-c", WORKS.format(then=then)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        others = psutil.Process(parent.pid).children(recursive=True)
        assert len(others) >= 2
        parent.kill()
    _, alive = psutil.wait_procs(others, timeout=10)
    for process in alive:
        process.kill()
    assert not alive
