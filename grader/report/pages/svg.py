"""Small drawings as SVG text.  Every value is escaped; colours come from the page's style sheet by class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape


def element(name: str, *children: object, **attributes: object) -> Markup:
    """One element; `stroke_width` is written `stroke-width`, `class_` is written `class`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(str(escape(child)) for child in children)
    return Markup(f"<{name}{written}>{inside}</{name}>")


def number(value: object) -> object:
    """A coordinate in hundredths: more can't be seen."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def picture(width: int, height: int, says: str, *children: object) -> Markup:
    """A drawing that a screen reader reads as the sentence `says`."""
    return element(
        "svg", *children, class_="chart", viewBox=f"0 0 {width} {height}", role="img", aria_label=says
    )


def label(x: float, y: float, text: object, anchor: str = "middle", kind: str = "label") -> Markup:
    return element("text", text, x=x, y=y, text_anchor=anchor, class_=kind)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def bar(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    return element(
        "rect", x=x, y=y, width=max(0.0, width), height=max(0.0, height), rx=min(3, width / 2), class_=kind
    )


def path(points: Sequence[tuple[float, float]], kind: str) -> Markup:
    return element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=kind)


def dots(points: Sequence[tuple[float, float]], kind: str, radius: float = 3.0) -> Markup:
    return Markup("").join(element("circle", cx=x, cy=y, r=radius, class_=kind) for x, y in points)


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` onto coordinates from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, about: int = 4) -> list[float]:
        """Round values within the scale, 1, 2 or 5 times a power of ten apart."""
        step = round_step((self.high - self.low) / about)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)][: 4 * about]


def round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


def scale(values: Sequence[float], start: float, end: float, *, zero: bool = False) -> Scale:
    """A scale that holds all the values with some room, and 0 where asked."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    low = min(low, 0.0) if zero else low
    room = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
    return Scale(low if zero and low == 0 else low - room, high + room, start, end)


def axes(across: Scale, up: Scale, across_name: str, up_name: str, *, grid: bool = True) -> Markup:
    """Ticks with numbers below and at the left, faint lines behind what is drawn if asked, and both names."""
    below = [
        label(across(tick), up.start + 16, f"{tick:g}", kind="tick") for tick in rounded(across.ticks(5))
    ]
    beside = [
        (line(across.start, up(tick), across.end, up(tick), "grid") if grid else Markup(""))
        + label(across.start - 6, up(tick) + 4, f"{tick:.3g}", "end", "tick")
        for tick in rounded(up.ticks())
    ]
    names = [
        label((across.start + across.end) / 2, up.start + 34, across_name),
        label(across.start, up.end - 8, up_name, "start"),
    ]
    base = line(across.start, up.start, across.end, up.start, "axis")
    return Markup("").join([*beside, base, *below, *names])


def rounded(ticks: list[float]) -> list[float]:
    """Without the dust of floating point: 0.3, not 0.30000000000000004."""
    return [float(f"{tick:.6g}") for tick in ticks]
