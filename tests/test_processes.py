"""Processes that share work: none outlives the one that it works for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

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


INTERRUPTED = """
import sys, time
from grader.processes import pool

def work(seconds):
    time.sleep(seconds)
    return bytes(1 << 20)  # more than a pipe holds: who tells it waits for somebody who reads

if __name__ == "__main__":
    try:
        with pool(2) as processes:
            found = processes.map(work, [1])
            print("ready", flush=True)
            list(found)
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_is_answered_by_the_parent_alone(number: signal.Signals) -> None:
    """A terminal sends it to all: no process says a word of its own, or keeps the one that works with it."""
    program = INTERRUPTED.replace(
        "import sys, time",
        "import sys, time, signal; signal.signal(signal.SIGTERM, signal.default_int_handler)",
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        time.sleep(0.3)  # until they have begun
        os.killpg(parent.pid, number)
        told, complaints = parent.communicate(timeout=20)
    assert (told, complaints) == ("interrupted\n", "")
