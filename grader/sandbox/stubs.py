"""Packages that students import for plots and progress bars: importable, inert, and never in the way.

The rule: a package on the assignment's list is replaced by one whose every attribute, call, item and context
manager is again such a thing; iterating it passes through what was handed in (`for batch in tqdm(batches)`), only
`subplots` unpacks to a figure and its axes, and as a decorator it leaves the function as it is.  That holds where the
package is installed too: what an exercise computes must not come from it, and a class graded on two machines must get
the same scores.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any


class Inert:
    """Stands for anything a stubbed package offers."""

    def __init__(self, given: Any = None) -> None:
        self.__dict__["given"] = given

    def __getattr__(self, name: str) -> Inert:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return offered(name)

    def __setattr__(self, name: str, value: object) -> None:
        """Forgotten: nothing that is set on a stub may come back into a computation."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A decorator gets its function back; anything else an inert thing that iterates the argument."""
        first = args[0] if args else None
        return (
            first if len(args) == 1 and not kwargs and isinstance(first, types.FunctionType) else Inert(first)
        )

    def __iter__(self) -> Iterator[Any]:
        """What was handed in (`tqdm(batches)`, `trange(5)`); else two inert things."""
        if self.given is None:
            return iter((Inert(), Inert()))
        return iter(range(self.given) if isinstance(self.given, int) else self.given)

    def __len__(self) -> int:
        return 0 if self.given is None else len(self.given)

    def __getitem__(self, key: object) -> Inert:
        return Inert()

    def __array__(self, *_: object, **__: object) -> Any:
        """NumPy would look into inert things within inert things without end."""
        raise TypeError("this package is not there when graded: it gives no numbers")

    def __enter__(self) -> Inert:
        return self

    def __exit__(self, *raised: object) -> None:
        return None


class Subplots(Inert):
    """`plt.subplots`, which is unpacked: `fig, (left, right) = plt.subplots(1, 2)`."""

    def __call__(self, nrows: int = 1, ncols: int = 1, **_: Any) -> Inert:
        """A figure and the axes that were asked for, in rows where there are several rows and columns."""
        rows = [row_of_axes(ncols) for _ in range(nrows)]
        axes = Inert([next(iter(row)) for row in rows]) if ncols == 1 else Inert(rows)
        return Inert((Inert(), rows[0] if nrows == 1 else axes))


def offered(name: str) -> Inert:
    """What a package offers under a name: a module that isn't imported by its whole name is an inert thing, too."""
    return Subplots() if name == "subplots" else Inert()


def row_of_axes(count: int) -> Inert:
    return Inert([Inert() for _ in range(count)])


class StubModule(types.ModuleType):
    """A module of inert things, submodules included."""

    __path__: list[str] = []  # noqa: RUF012 - what marks a package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        loaded = sys.modules.get(f"{self.__name__}.{name}")
        return loaded if loaded is not None else offered(name)


class StubFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the packages of the list, and nothing else."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = frozenset(packages)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in self.packages:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return StubModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to execute."""
