"""Control groups on a kernel that has nothing else, in a virtual machine: this machine's own are left alone.

Without hardware's help, so that it is the same everywhere; it takes some minutes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.fixtures import small_machine

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
@pytest.mark.timeout(1600)
@pytest.mark.skipif(small_machine.available() != "", reason=small_machine.available() or "-")
@pytest.mark.parametrize("who", ["root", "user"])
def test_the_kernel_bounds_each_worker(who: str) -> None:
    """A batch with two jobs, by root at the top of the tree and by a user with a part of it: what seems to take no
    memory is stopped by the kernel, at its own cost alone and in words that say so; no group is left."""
    command = f"{sys.executable} -m tests.fixtures.graded_in_groups {who}"
    ran = small_machine.run(command, ROOT, seconds=1500)
    assert ran.status == 0, ran.output
    told = json.loads(next(line for line in ran.output.splitlines() if line.startswith('{"exit"')))
    assert (told["exit"], told["left"]) == (0, []), ran.output
    assert {outcome for outcome, _ in told["tests"]["right"]} == {"passed"}, ran.output
    crashed = [said for outcome, said in told["tests"]["tables"] if outcome == "crashed"]
    assert crashed, ran.output
    assert all("it may use 200 MB" in said for said in crashed), crashed
