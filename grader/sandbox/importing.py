"""Worker's side: torch imported in three quarters of the time that it takes.

While it is imported torch registers operators, and asks `inspect` each time in which module the code that does so
stands, to tell it in messages.  `inspect` compares the files of all modules for that, a thousand by then; but a frame
says by itself in whose namespace it runs.
"""

from __future__ import annotations

import gc
import inspect
import sys
import types
from typing import Any


def import_torch() -> None:
    """Import torch, without a collection of garbage: what is imported stays, and to look for garbage in it takes a
    tenth of the time.  That is left off, for whoever goes on importing."""
    gc.disable()
    search = inspect.getmodule

    def module_of(thing: Any, _filename: str | None = None) -> types.ModuleType | None:
        if isinstance(thing, types.FrameType):
            return sys.modules.get(thing.f_globals.get("__name__", ""))
        return search(thing, _filename)

    inspect.getmodule = module_of  # type: ignore[assignment]
    try:
        import torch  # noqa: F401
    finally:
        inspect.getmodule = search
