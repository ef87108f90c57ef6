"""One zygote for all who want workers, and what is left when one of those goes without a word: nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from grader.errors import SandboxUnavailableError
from grader.sandbox import control
from grader.sandbox.client import Worker, WorkerError, Zygote
from grader.sandbox.launch import ZygoteProcess
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import Answered, Call, Load, Loaded, Sequence, SourceFile

PROBES = SourceFile(
    name="probes.py",
    source="import numpy as np\n"
    "def answer(student, device):\n    return {'y': student.value()}\n"
    "def sleep(student, device):\n    import time\n    time.sleep(600)\n",
)


@pytest.fixture(scope="module")
def process() -> Iterator[ZygoteProcess]:
    with ZygoteProcess() as started:
        started.prepare([PROBES])
        yield started


def load(source: str) -> Load:
    return Load(module="tiny", pieces=[SourceFile(name="tiny.py", source=source)], files={})


def worker_of(zygote: Zygote, source: str) -> Worker:
    worker = zygote.open(Limits())
    assert isinstance(worker.load(load(source), 30.0), Loaded)
    return worker


def answer(worker: Worker) -> object:
    reply = worker.call(Call(id=1, probe="answer", cases=[{}], device="cpu", forbidden=(), seed=0), 30.0)
    assert isinstance(reply, Answered)
    return reply.cases[0]["y"]


def test_all_who_are_connected_get_workers_of_their_own(process: ZygoteProcess) -> None:
    """Two lines to one zygote: each opens workers, and hanging up one leaves the other's alone."""
    first, second = Zygote(process.connect()), Zygote(process.connect())
    one, two = (
        worker_of(first, "def value():\n    return 1.5\n"),
        worker_of(second, "def value():\n    return 2.5\n"),
    )
    assert (answer(one), answer(two)) == (1.5, 2.5)
    one.close()
    first.close()
    assert answer(two) == 2.5
    two.close()
    second.close()


def test_a_worker_that_is_closed_leaves_nothing(process: ZygoteProcess) -> None:
    """No process, and no zombie of one."""
    zygote = Zygote(process.connect())
    zygote.wait()
    before = descendants(process)
    for _ in range(3):
        worker = worker_of(zygote, "def value():\n    return 1.5\n")
        assert answer(worker) == 1.5
        worker.close()
    settled(process, before)
    zygote.close()


def test_the_zygote_may_be_started_before_it_is_known_for_what() -> None:
    """Started, told its probes later, and asked for workers last."""
    with ZygoteProcess() as early:
        early.prepare([PROBES])
        zygote = Zygote(early.connect())
        worker = worker_of(zygote, "def value():\n    return 3.5\n")
        assert answer(worker) == 3.5
        worker.close()
        zygote.close()


def test_a_worker_whose_zygote_is_killed_is_lost_not_crashed() -> None:
    """It is no doing of the student's: nobody gets a zero for it."""
    with ZygoteProcess() as doomed:
        doomed.prepare([PROBES])
        zygote = Zygote(doomed.connect())
        worker = worker_of(zygote, "def value():\n    return 1.5\n")
        assert zygote.lives()
        doomed._process.kill()
        with pytest.raises(WorkerError) as error:
            answer(worker)
        assert error.value.kind == "lost"
        assert not zygote.lives()
        zygote.close()


def test_one_that_is_given_up_at_once_leaves_nothing() -> None:
    """At whatever moment of its start: no process of bubblewrap's waits for ever."""
    before = {process.pid for process in psutil.process_iter() if is_ours(process)}
    for turn in range(40):
        given_up = ZygoteProcess()
        time.sleep(0.0005 * turn)
        given_up.close()
    deadline = time.monotonic() + 30
    while (left := started_since(before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def started_since(before: set[int]) -> list[psutil.Process]:
    return [one for one in psutil.process_iter() if one.pid not in before and is_ours(one)]


def is_ours(process: psutil.Process) -> bool:
    """A zygote of this very checkout, started by nobody that still runs."""
    try:
        said = " ".join(process.cmdline())
        return "grader.sandbox.zygote" in said and sys.prefix in said and process.ppid() in (1, os.getpid())
    except psutil.Error:
        return False


def test_a_zygote_that_dies_is_told_of() -> None:
    """Killed though somebody wants more of it: a clear refusal, not a hang."""
    with ZygoteProcess() as doomed:
        doomed.prepare([PROBES])
        first = Zygote(doomed.connect())
        first.wait()
        doomed._process.kill()
        assert first._line.recv(1) == b""  # it has died
        second = Zygote(doomed.connect(), process=doomed)
        with pytest.raises(SandboxUnavailableError, match="did not start"):
            second.wait()
        with pytest.raises(SandboxUnavailableError, match="could not be built"):
            first.open(Limits())
        first.close()
        second.close()


EXAMINER = """
import socket, sys
from grader.sandbox.client import Zygote, WorkerError
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import Call
from tests.sandbox.test_launch import worker_of
worker = worker_of(Zygote(socket.socket(fileno=int(sys.argv[1]))), "def value():\\n    return 1.5\\n")
print("opened", flush=True)
worker.call(Call(id=1, probe="sleep", cases=[{}], device="cpu", forbidden=(), seed=0), 600.0)
"""


def descendants(process: ZygoteProcess) -> int:
    return len(psutil.Process(process._process.pid).children(recursive=True))


def settled(process: ZygoteProcess, count: int) -> None:
    """Wait until so many descendants are left."""
    deadline = time.monotonic() + 30
    while descendants(process) > count and time.monotonic() < deadline:
        time.sleep(0.05)
    assert descendants(process) == count


def test_a_wall_that_cannot_be_built_is_told_and_leaves_nothing(process: ZygoteProcess) -> None:
    """Here for a group that takes no process in: the reason comes back, and nothing runs."""
    before = descendants(process)
    worker, theirs = socket.socketpair()
    report, their_report = os.pipe()
    closed = os.open("/dev/full", os.O_WRONLY)
    descriptors = (theirs.fileno(), their_report, closed)
    with process.connect() as line, worker, theirs:
        assert isinstance(control.receive(line)[0], control.Ready)
        control.send(line, control.Open(limits=Limits()), descriptors)
        told, received = control.receive(line)
        for descriptor in (report, their_report, closed):
            os.close(descriptor)
    assert isinstance(told, control.Failed)
    assert "No space left" in told.reason
    assert received == []
    settled(process, before)


def test_an_examiner_killed_in_the_middle_leaves_no_worker(process: ZygoteProcess, tmp_path: Path) -> None:
    """kill -9 of one examiner of several ends its worker, which is busy, though the zygote lives on."""
    before = descendants(process)
    with process.connect() as line:
        root = Path(__file__).parent.parent.parent
        examiner = subprocess.Popen(
            [sys.executable, "-c", EXAMINER, str(line.fileno())],
            cwd=root, stdout=subprocess.PIPE, pass_fds=(line.fileno(),),
        )  # fmt: skip
    assert examiner.stdout is not None
    assert examiner.stdout.readline() == b"opened\n"
    assert descendants(process) > before
    examiner.kill()
    examiner.wait()
    examiner.stdout.close()
    settled(process, before)


INSIDE = """
import os, resource

def value():
    with open("/proc/self/stat") as stat:
        group = int(stat.read().rpartition(")")[2].split()[2])
    try:
        resource.prlimit(1, resource.RLIMIT_DATA, (1000, 1000))
    except PermissionError:
        return [group, resource.getrlimit(resource.RLIMIT_DATA)[0] > 0]
"""


def test_a_worker_shares_no_group_with_others_and_leaves_its_wardens_limits_alone(
    process: ZygoteProcess,
) -> None:
    """A signal to its own process group reaches its own namespace only; its own limits it may read."""
    with closing(Zygote(process.connect())) as zygote:
        worker = worker_of(zygote, INSIDE)
        assert answer(worker) == Sequence(type="list", items=[1, True])
        worker.close()
