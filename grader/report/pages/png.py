"""Arrays of numbers as PNG pictures in a `data:` address: small, and nothing in them can be run."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "data:image/png;base64,"
Colour = tuple[int, int, int]

DARK_TO_LIGHT: Final[tuple[Colour, ...]] = (
    (24, 34, 74), (40, 74, 128), (38, 118, 150), (45, 160, 148), (110, 196, 122), (194, 220, 96), (252, 238, 140),
)  # fmt: skip
"""Steps of lightness that also differ without colour vision and on a grey printer."""


def grey(rows: Sequence[Sequence[float]]) -> str:
    """Ink in [0, 1] on white paper."""
    return address(0, [bytes(255 - round(255 * clipped(value)) for value in row) for row in rows])


def heat(rows: Sequence[Sequence[float]]) -> str:
    """Values in [0, 1] from dark to light."""
    return address(2, [b"".join(bytes(colour_of(clipped(value))) for value in row) for row in rows])


def clipped(value: float) -> float:
    return min(1.0, max(0.0, value)) if value == value else 0.0


def colour_of(share: float) -> Colour:
    """The colour at a share of the way, between two steps."""
    at = share * (len(DARK_TO_LIGHT) - 1)
    below = min(int(at), len(DARK_TO_LIGHT) - 2)
    low, high, rest = DARK_TO_LIGHT[below], DARK_TO_LIGHT[below + 1], at - below
    red, green, blue = (round(a + rest * (b - a)) for a, b in zip(low, high, strict=True))
    return red, green, blue


def address(colour_type: int, lines: Sequence[bytes]) -> str:
    """A PNG of 8 bits a sample (colour type 0 grey, 2 RGB; PNG specification, section 11.2) as an address."""
    width = len(lines[0]) // (3 if colour_type == 2 else 1)
    header = struct.pack(">IIBBBBB", width, len(lines), 8, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + one for one in lines), 9)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return PREFIX + base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
