"""The simulation behind docs/scaling.md keeps to what must be so of any cluster."""

from __future__ import annotations

import statistics

import pytest

from benchmarks.scaling_model import Inputs, simulate

LIKE_HW8 = Inputs(
    seconds=(0.3, 0.5, 0.4, 1.2),
    driver=0.005,
    sent=30_000,
    start=3.0,
    before=0.001,
    after=0.05,
    suite=400_000,
)
SIZE = 5000


@pytest.mark.parametrize("nodes", [1, 2, 4, 16])
def test_nothing_is_more_than_busy(nodes: int) -> None:
    """No node and not the driver; and all of it takes as long as its work, and the driver's, at the least."""
    found = simulate(LIKE_HW8, SIZE, nodes, 16)
    assert all(0 < share <= 1 for share in found.nodes_busy)
    assert found.driver_busy <= 1
    examining = found.seconds - LIKE_HW8.start - LIKE_HW8.before * SIZE
    assert sum(found.nodes_busy) * 16 * examining >= 0.95 * SIZE * statistics.mean(LIKE_HW8.seconds)
    assert examining >= 0.95 * SIZE * statistics.mean(LIKE_HW8.seconds) / (16 * nodes)
    assert examining >= SIZE * LIKE_HW8.driver


def test_few_nodes_are_kept_busy_all_the_time() -> None:
    """While the driver has time, twice the nodes take half as long."""
    one, two = (simulate(LIKE_HW8, SIZE, nodes, 16) for nodes in (1, 2))
    assert min(one.nodes_busy + two.nodes_busy) > 0.97
    assert two.seconds / one.seconds == pytest.approx(0.5, abs=0.05)


def test_the_driver_is_the_limit_of_many() -> None:
    """Its rate is theirs then, however many there are."""
    found = simulate(LIKE_HW8, SIZE, 64, 16)
    assert found.driver_busy > 0.95
    assert simulate(LIKE_HW8, SIZE, 128, 16).seconds == pytest.approx(found.seconds, rel=0.02)
