"""Which limit an exception of a student's code has met, in words: the system's own say neither which nor how much."""

from __future__ import annotations

import re
from typing import Final

from grader.sandbox.limits import Limits
from grader.sandbox.protocol import Raised

SAYINGS: Final = (
    (r"Too many open files", "At most {0.open_files} files may be open at a time."),
    (
        r"can't start new thread|Resource temporarily unavailable.*\b(fork|spawn|Popen|Process|Pool)",
        "At most {0.processes} processes and threads may run at a time.",
    ),
    (
        r"MemoryError|can't allocate memory|Cannot allocate memory|not enough memory|Unable to allocate",
        "At most {0.memory_mb} MB of memory may be used.",
    ),
    (
        r"No space left on device|File too large|Disk quota exceeded",
        "At most {0.scratch_mb} MB may be written to files.",
    ),
)
"""What exceptions say where a limit is met, with a sentence about the limit."""


def allowance_met(raised: Raised, limits: Limits) -> str:
    """The sentence about the limit that the exception comes from; "" where it comes from none."""
    line = raised.frames[-1].text if raised.frames else ""
    said = f"{raised.type}: {raised.message} {line}".replace("\n", " ")
    return next((told.format(limits) for pattern, told in SAYINGS if re.search(pattern, said)), "")
