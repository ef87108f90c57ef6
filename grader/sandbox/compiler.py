"""Worker's side: torch's optimizers without torch's compiler.

The first optimizer that a program makes imports `torch._dynamo`, with sympy and 800 more modules: as long as importing
torch itself, and as much memory again.  All that the optimizers want of it, where nothing is being compiled, is to hear
that nothing is to be done.  So a stand-in says that, and fetches the real one for whoever asks for anything else.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from typing import Any, Final

import torch

NAME: Final = "torch._dynamo"


class Deferred(types.ModuleType):
    """`torch._dynamo`, imported at the first use of anything but `graph_break` and `disable`."""

    __file__ = None  # some look through all modules for theirs: they shall not set off the import

    def graph_break(self, msg: str = "") -> None:
        """Outside of a compilation there is no graph to break."""

    def disable(self, fn: Callable[..., Any] | None = None, *_: object, **__: object) -> Callable[..., Any]:
        """What is not compiled needs no exemption from it."""
        return fn if fn is not None else self.disable

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # __path__: the import of a submodule begins
            raise AttributeError(f"module {NAME!r} has no attribute {name!r}")
        return getattr(self._real(), name)

    def _real(self) -> types.ModuleType:
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
            try:
                importlib.import_module(NAME)  # which also puts it into torch's namespace
            except BaseException:
                sys.modules[NAME] = self
                raise
        return sys.modules[NAME]


def defer_compiler() -> None:
    """Put the stand-in where the compiler will be looked for, unless that is there already."""
    if NAME not in sys.modules:
        torch._dynamo = sys.modules[NAME] = Deferred(NAME)
