"""The wall of a worker that has a card: it shows the card's nodes and nothing more, and keeps every promise."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.client import Zygote, start_zygote
from grader.sandbox.conformance import Host, Promise, promises
from grader.sandbox.conformance.trial import PROBE, call
from grader.sandbox.device import Device
from grader.sandbox.launch import ZygoteProcess
from tests.fixtures.pretended_card import pretended_card


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    with pretended_card() as made:
        yield made


@pytest.fixture(scope="module")
def zygote(device: Device) -> Iterator[Zygote]:
    started = start_zygote([PROBE], ZygoteProcess("strict", device))
    yield started
    started.close()


@pytest.fixture
def host(zygote: Zygote, tmp_path: Path) -> Host:
    return Host(zygote, tmp_path)


def chosen(promise: Promise) -> object:
    """What a card adds is to the view: that is tried always, the rest where there is time for it."""
    marks = () if promise.property == "view" else (pytest.mark.slow,)
    return pytest.param(promise, marks=marks, id=f"{promise.property}-{promise.name}")


@pytest.mark.parametrize("promise", list(map(chosen, promises())))
def test_the_wall_keeps_its_promise(promise: Promise, host: Host) -> None:
    """The list is the same as without a card."""
    assert promise.try_it(host) is None


def test_the_card_is_all_that_is_added(host: Host, device: Device) -> None:
    """Its node can be opened for writing; of the machine's other devices none is there."""
    source = """
    import os
    def attack(node):
        os.close(os.open(node, os.O_RDWR))
        return sorted(os.listdir("/dev"))
    """
    node = Path(device.nodes[0])
    answer = host.attack(source, node=str(node))
    usual = {"core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout"}
    usual |= {"console", "tty", "urandom", "zero"}
    assert answer.error == ""
    assert node.name in answer.said
    assert set(answer.said) <= {*usual, node.name}


def test_a_driver_can_name_its_threads(host: Host) -> None:
    """CUDA's does, in /proc, and does not start where it can't; nothing else of /proc can be written."""
    source = """
    import os, threading
    def named(into, how):
        own = f"/proc/self/task/{threading.get_native_id()}/comm"
        file = os.open(own, how)
        os.write(file, b"renamed")
        os.close(file)
        into.append(open(own).read().strip())
    def attack():
        names, refused = [], 0
        for how in (os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
            thread = threading.Thread(target=named, args=(names, how))
            thread.start()
            thread.join()
        for other in ("/proc/self/comm", "/proc/self/coredump_filter", "/proc/self/oom_score_adj"):
            try:
                os.close(os.open(other, os.O_WRONLY))
            except OSError:
                refused += 1
        return [names, refused]
    """
    assert host.attack(source).said == [["renamed", "renamed"], 3]


def test_what_only_the_driver_needs_is_refused_to_older_threads_too(zygote: Zygote, host: Host) -> None:
    """Once the driver runs, no thread of the worker can make a file of memory: not even the driver's own."""
    source = """
    import os, threading
    def attack():
        refused = []
        def attempt():
            try:
                os.memfd_create("x")
            except OSError:
                refused.append(True)
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        attempt()
        return len(refused)
    """
    assert host.attack(source).said == 2


def test_all_parts_share_one_process(host: Host) -> None:
    """A context does not survive a fork, so what one part leaves is still there in the next."""
    source = """
    import os
    def attack():
        return os.getpid()
    """
    with host.worker(source) as worker:
        first = call(worker, 5).said
        worker.finish_fork()
        assert call(worker, 5).said == first


def test_the_cards_environment_names_it(host: Host) -> None:
    """No card but the chosen one is visible; without one, none."""
    source = """
    import os
    def attack():
        return [os.environ["CUDA_VISIBLE_DEVICES"], os.environ["NVIDIA_TF32_OVERRIDE"]]
    """
    assert host.attack(source).said == ["", "0"]


def test_a_node_that_is_gone_is_the_graders_trouble(tmp_path: Path) -> None:
    """The view can't be built without it: refused with a reason, and nobody's work is graded without the wall."""
    from grader.errors import SandboxUnavailableError

    if os.geteuid() != 0:
        pytest.skip("as root, like the rest of this file")
    missing = Device(kind="cpu", card="pretended", nodes=("/dev/pretended-and-gone",))
    started = start_zygote([PROBE], ZygoteProcess("strict", missing))
    try:
        with pytest.raises(SandboxUnavailableError, match="pretended-and-gone"):
            started.wait()
    finally:
        started.close()
