"""A short run of the benchmark's mutations; the long one is `python benchmarks/fuzz_intake.py`."""

from __future__ import annotations

from benchmarks.fuzz_intake import run


def test_mutated_submissions_raise_nothing() -> None:
    """Each of 80 mutated notebooks, modules and zips is read or refused in a sentence, within two seconds."""
    tally = run(80, seed=1)
    assert tally.troubles == []
    assert sum(tally.runs.values()) == 80
    assert 15 < tally.read < 65
