"""Where probes compute: the CPU, or one card that workers share.

This record travels to the zygote and into every worker, so it is plain data; `gpu.py` finds what it says.
"""

from __future__ import annotations

import msgspec


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` is what probes are told, "cpu" or "cuda".  The rest is of the card, empty where there is none.

    `card` is its model and `memory_mb` its memory; `visible` is what CUDA_VISIBLE_DEVICES says to workers; `nodes` are
    the device nodes that they may open, `files` what of the driver they may read besides what everybody sees, and
    `libraries` the folders in which the loader has to look for it.
    """

    kind: str = "cpu"
    card: str = ""
    memory_mb: int = 0
    visible: str = ""
    nodes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As results record it: a card of the same model gives the same results, whichever slot it is in."""
        return f"{self.kind} ({self.card})" if self.card else self.kind


CPU = Device()
ANY_CARD = Device(kind="cuda")
"""Whichever card the nodes of a cluster have, where this machine has none that works."""
