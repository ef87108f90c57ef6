"""Packages for plots and progress bars are inert and never in the way."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from grader.sandbox.stubs import StubFinder


@pytest.fixture
def plots(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module `plots.pyplot` of a package on the assignment's list."""
    monkeypatch.setattr(sys, "meta_path", [StubFinder(["plots"]), *sys.meta_path])
    yield importlib.import_module("plots.pyplot")
    for name in [name for name in sys.modules if name.partition(".")[0] == "plots"]:
        del sys.modules[name]


def test_a_figure_comes_with_its_axes_however_many_are_asked_for(plots: Any) -> None:
    figure, alone = plots.subplots(figsize=(8, 4))
    figure, (left, right) = plots.subplots(1, 2)
    figure, (top, middle, bottom) = plots.subplots(3)
    figure, ((a, b, c), (d, e, f)) = plots.subplots(nrows=2, ncols=3, sharex=True)
    for axes in (alone, left, right, top, middle, bottom, a, b, c, d, e, f):
        axes.plot([1, 2], label="loss").set_title("nothing is drawn")
    figure.tight_layout()


def test_it_does_not_matter_how_the_module_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [StubFinder(["plots"]), *sys.meta_path])
    package = importlib.import_module("plots")
    del sys.modules["plots"]
    _, (left, right) = package.pyplot.subplots(1, 2)
    assert type(left) is type(right)


def test_what_goes_through_a_progress_bar_comes_out(plots: Any) -> None:
    assert list(plots.tqdm([4, 5, 6], desc="epochs")) == [4, 5, 6]
    assert list(plots.trange(3)) == [0, 1, 2]


def test_a_decorator_leaves_the_function_as_it_is(plots: Any) -> None:
    def function() -> None: ...

    assert plots.decorated(function) is function
