"""The wall keeps every promise of the conformance list on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.client import Zygote, start_zygote
from grader.sandbox.conformance import Host, Promise, promises
from grader.sandbox.conformance.trial import PROBE


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    started = start_zygote([PROBE])
    yield started
    started.close()


@pytest.mark.parametrize(
    "promise", list(promises()), ids=lambda promise: f"{promise.property}-{promise.name}"
)
def test_the_wall_keeps_its_promise(promise: Promise, zygote: Zygote, tmp_path: Path) -> None:
    """What the check's own docstring says."""
    assert promise.try_it(Host(zygote, tmp_path)) is None


def test_every_property_has_promises() -> None:
    """None of the five properties that a worker can try is left without a check."""
    assert {promise.property for promise in promises()} == {
        "view",
        "network",
        "processes",
        "limits",
        "channel",
    }


def test_a_process_whose_name_is_no_text_is_no_survivor(zygote: Zygote, tmp_path: Path) -> None:
    """Anybody on the machine may run one while somebody else asks what the wall keeps."""
    program = tmp_path / os.fsdecode(b"\xff\xfe")
    program.symlink_to(Path(shutil.which("sleep") or "").resolve())
    with subprocess.Popen([program, "60"]) as process:
        try:
            while Path(f"/proc/{process.pid}/comm").read_bytes() != b"\xff\xfe\n":
                time.sleep(0.01)  # the kernel names it last
            assert Host(zygote, tmp_path).survivors() == []
        finally:
            process.kill()
