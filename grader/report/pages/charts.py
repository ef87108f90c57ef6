"""Exhibits as figures: what a test laid open, drawn.

What an exhibit holds is the student's numbers in the examiner's form, so numbers may be missing (not finite),
huge or all the same; whatever does not have the form of its kind is not drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from markupsafe import Markup

from grader.model import Exhibit, Record
from grader.report.pages import png
from grader.report.pages.svg import Scale, axes, bar, dots, element, label, line, path, picture, scale

MOST: Final = 1e30
"""Greater numbers are drawn as if they were this: sums of them would overflow."""

WIDTH, HEIGHT = 420, 260
Number = float | None
Box = tuple[Scale, Scale]


class Figure(Record, frozen=True):
    """A drawing with its title and a caption; `body` is safe HTML."""

    title: str
    caption: str
    body: Markup
    wide: bool = False


class LossCurve(Record, frozen=True):
    losses: list[Number]
    what: str = "loss, epoch by epoch"
    reference: list[Number] = msgspec.field(default_factory=list)


class Line(Record, frozen=True):
    x: list[Number]
    y: list[Number]
    m: Number
    b: Number
    reference: tuple[float, float] | None = None


class Surface(Record, frozen=True):
    values: list[list[Number]]
    slopes: list[float]
    intercepts: list[float]


class Accuracy(Record, frozen=True):
    of: str
    accuracy: float
    none: float
    full: float


class ClassAccuracy(Record, frozen=True):
    of: str
    accuracy: list[float]


class Confusion(Record, frozen=True):
    of: str
    counts: list[list[int]]


class MistakenImages(Record, frozen=True):
    images: list[list[list[float]]]
    true: list[int]
    predicted: list[int]


def figures_of(exhibits: Sequence[Exhibit]) -> list[Figure]:
    """What can be drawn of a test's exhibits, the overview before the details."""
    kinds = list(DRAWN)
    drawn = sorted((one for one in exhibits if one.kind in DRAWN), key=lambda one: kinds.index(one.kind))
    return [figure for one in drawn if (figure := figure_of(one)) is not None]


def figure_of(exhibit: Exhibit) -> Figure | None:
    """The figure of an exhibit; None where its data have another form."""
    form, draw = DRAWN[exhibit.kind]
    try:
        return draw(msgspec.convert(exhibit.data, form))
    except msgspec.ValidationError:
        return None


def known(values: Sequence[Number]) -> list[float]:
    """The finite ones, none too great to be drawn."""
    return [max(-MOST, min(MOST, one)) for one in values if one is not None and math.isfinite(one)]


def box(across: Sequence[float], up: Sequence[float], *, zero: bool = False) -> Box:
    return scale(across, 56, WIDTH - 12), scale(up, HEIGHT - 44, 28, zero=zero)


# ----------------------------------------------------------------------------------------- training


def loss_curve(data: LossCurve) -> Figure | None:
    """The student's losses against those of plain gradient descent on the same data."""
    own, bar_ = known(data.losses), known(data.reference)
    if not own:
        return None
    across, up = box([1.0, float(max(len(own), len(bar_), 2))], [*own, *bar_], zero=True)
    says = f"From {own[0]:.3g} in the first to {own[-1]:.3g} in the last of {len(own)} epochs"
    drawn = [axes(across, up, "epoch", data.what)]
    if bar_:
        says += f"; plain gradient descent ends at {bar_[-1]:.3g}"
    own_points = curve(own, across, up)
    drawn += [
        path(own_points, "own"),
        dots(own_points, "own-dot"),
        path(curve(bar_, across, up), "reference"),
    ]
    caption = f"{says}. {legend('gradient descent on the same data') if bar_ else ''}"
    return Figure(title="Loss curve", caption=caption, body=picture(WIDTH, HEIGHT, says, *drawn))


def curve(values: Sequence[float], across: Scale, up: Scale) -> list[tuple[float, float]]:
    return [(across(at), up(value)) for at, value in enumerate(values, 1)]


def legend(reference: str) -> str:
    return f"Solid: yours; dashed: {reference}."


def fitted_line(data: Line) -> Figure | None:
    """The points, the student's line and the one with the least mean squared error."""
    pairs = [(x, y) for x, y in zip(data.x, data.y, strict=False) if known([x, y]) == [x, y]]
    points = [(float(x), float(y)) for x, y in pairs if x is not None and y is not None]
    if not points:
        return None
    across, up = box([x for x, _ in points], [y for _, y in points])
    drawn = [axes(across, up, "x", "y"), dots([(across(x), up(y)) for x, y in points], "point")]
    says = "m or b is not a finite number"
    if data.m is not None and data.b is not None and len(known([data.m, data.b])) == 2:
        drawn.append(straight(data.m, data.b, across, up, "own"))
        says = f"Your line: f(x) = {data.m:.4g}·x {'-' if data.b < 0 else '+'} {abs(data.b):.4g}"
    if data.reference is not None:
        drawn.append(straight(*data.reference, across, up, "reference"))
    caption = f"{says}. {legend('the line with the least mean squared error')}"
    return Figure(title="The line on its data", caption=caption, body=picture(WIDTH, HEIGHT, says, *drawn))


def straight(slope: float, intercept: float, across: Scale, up: Scale, kind: str) -> Markup:
    """A line as far as it runs within the box."""
    at = [across.low + share * (across.high - across.low) / 100 for share in range(101)]
    inside = [(x, slope * x + intercept) for x in at if up.low <= slope * x + intercept <= up.high]
    return path([(across(x), up(y)) for x, y in (inside[0], inside[-1])], kind) if inside else Markup("")


def surface(data: Surface) -> Figure | None:
    """The MSE over slopes (upwards) and intercepts (to the right), dark where it is small."""
    rows, columns = len(data.slopes), len(data.intercepts)
    flat = known([value for row in data.values for value in row])
    if not flat or min(rows, columns) < 2 or [len(row) for row in data.values] != [columns] * rows:
        return None
    low, high = min(flat), max(flat)
    shares = [[share_of(value, low, high) for value in row] for row in reversed(data.values)]
    across = Scale(data.intercepts[0], data.intercepts[-1], 56, WIDTH - 12)
    up = Scale(data.slopes[0], data.slopes[-1], HEIGHT - 44, 28)
    least = min(
        (value, i, j) for i, row in enumerate(data.values) for j, value in enumerate(row) if value is not None
    )
    slope, intercept = data.slopes[least[1]], data.intercepts[least[2]]
    says = f"The least entry, {low:.3g}, is at slope {slope:.3g}, intercept {intercept:.3g}"
    drawn = [
        element("image", href=png.heat(shares), x=across.start, y=up.end, width=across.end - across.start,
                height=up.start - up.end, preserveAspectRatio="none", class_="pixels"),
        axes(across, up, "intercept", "slope", grid=False),
        element("circle", cx=across(intercept), cy=up(slope), r=6, class_="ring"),
    ]  # fmt: skip
    caption = f"{says} (ringed). Dark is small; the greatest entry is {high:.3g}."
    return Figure(title="Weights versus MSE", caption=caption, body=picture(WIDTH, HEIGHT, says, *drawn))


def share_of(value: Number, low: float, high: float) -> float:
    """Where a value stands between the least and the greatest; roots, as an MSE grows like a square."""
    (inside,) = known([value]) or [high]
    return math.sqrt((inside - low) / (high - low)) if high > low else 0.0


# -------------------------------------------------------------------------------------- the network


def accuracy(data: Accuracy) -> Figure:
    """The accuracy as a bar, with the two bars that it is measured by."""
    across = Scale(0, 1, 8, WIDTH - 8)
    says = f"Accuracy {data.accuracy:.3f} on {data.of}; full marks from {data.full:.2f}, none up to {data.none:.2f}"
    kind = "good" if data.accuracy >= data.full else "fair" if data.accuracy > data.none else "poor"
    drawn = [
        bar(across(0), 34, across(1) - across(0), 18, "track"),
        bar(across(0), 34, across(min(1.0, max(0.0, data.accuracy))) - across(0), 18, kind),
        label(across(0), 24, f"{data.accuracy:.1%}", "start", "big"),
    ]
    for value, words in ((data.none, "no points up to"), (data.full, "all points from")):
        drawn += [line(across(value), 28, across(value), 58, "bar-mark")]
        drawn += [label(across(value) + 4, 74, f"{words} {value:.0%}", "end", "tick")]
    return Figure(
        title=f"Accuracy on {data.of}", caption=f"{says}.", body=picture(WIDTH, 84, says, *drawn), wide=False
    )


def class_accuracy(data: ClassAccuracy) -> Figure | None:
    """One bar for each class."""
    if not data.accuracy:
        return None
    up = Scale(0, 1, 150, 24)
    step = (WIDTH - 20) / len(data.accuracy)
    worst = min(range(len(data.accuracy)), key=lambda at: data.accuracy[at])
    says = f"The {data.of} recognised least often is {worst}: {data.accuracy[worst]:.0%}"
    drawn = [line(10, up(0), WIDTH - 10, up(0), "axis")]
    for at, share in enumerate(data.accuracy):
        middle = 10 + (at + 0.5) * step
        kind = "good" if share >= 0.9 else "fair" if share > 0.5 else "poor"
        drawn += [
            bar(middle - step * 0.32, up(share), step * 0.64, up(0) - up(share), kind),
            label(middle, up(share) - 5, f"{100 * share:.0f}", kind="tick"),
            label(middle, up(0) + 17, at),
        ]
    title = f"Accuracy by {data.of}, in %"
    return Figure(title=title, caption=f"{says}.", body=picture(WIDTH, 176, says, *drawn))


def confusion(data: Confusion) -> Figure | None:
    """A table: rows are what it was, columns what the network said, darker where more of the row is."""
    size = len(data.counts)
    if not size or any(len(row) != size for row in data.counts):
        return None
    head = element("tr", element("th", "was ╲ said", scope="col", class_="corner"), *headers("col", size))
    rows = [confusion_row(at, row) for at, row in enumerate(data.counts)]
    name = f"How often each {data.of} was taken for each {data.of}"
    table = element("table", element("caption", name), element("thead", head), element("tbody", *rows),
                    class_="confusion")  # fmt: skip
    scrolling = element("div", table, class_="scroll", role="region", aria_label=name, tabindex=0)
    caption = f"Rows: what it was. Columns: what your network said. {commonest(data)}"
    return Figure(title=f"Confusion matrix, {data.of} by {data.of}", caption=caption, body=scrolling)


def headers(scope: str, size: int) -> list[Markup]:
    return [element("th", at, scope=scope) for at in range(size)]


def confusion_row(at: int, row: Sequence[int]) -> Markup:
    total = max(1, sum(row))
    cells = [
        element("td", count or "·", class_=f"{'hit' if to == at else 'miss'} s{min(9, math.ceil(9 * count / total))}")
        for to, count in enumerate(row)
    ]  # fmt: skip
    return element("tr", element("th", at, scope="row"), *cells)


def commonest(data: Confusion) -> str:
    """The mistake that was made most often, in words."""
    mistakes = [
        (count, at, to)
        for at, row in enumerate(data.counts)
        for to, count in enumerate(row)
        if to != at and count
    ]
    if not mistakes:
        return "There is no mistake at all."
    count, at, to = max(mistakes, key=lambda mistake: mistake[0])
    return f"The commonest mistake: {data.of} {at} taken for {to}, {count} times."


def mistaken_images(data: MistakenImages) -> Figure | None:
    """The images as pictures, each with what it was and what it was taken for."""
    shown = [
        mistake(image, was, said)
        for image, was, said in zip(data.images, data.true, data.predicted, strict=False)
        if image and image[0] and all(len(row) == len(image[0]) for row in image)
    ]
    if not shown:
        return None
    body = element("ul", *shown, class_="mistakes")
    return Figure(
        title="What your network got wrong",
        caption=f"The first {len(shown)} of them; under each what it is, then what your network said.",
        body=body,
    )


def mistake(image: list[list[float]], was: int, said: int) -> Markup:
    picture_of = element(
        "img", src=png.grey(image), alt=f"an image of {was}", width=56, height=56, class_="pixels"
    )
    return element("li", void(picture_of), element("span", f"{was} → {said}"))


def void(closed: Markup) -> Markup:
    """An element without content as HTML writes it."""
    return Markup(closed.removesuffix("</img>"))


DRAWN: Final[dict[str, tuple[type[Record], Callable[..., Figure | None]]]] = {
    "loss_curve": (LossCurve, loss_curve),
    "line": (Line, fitted_line),
    "surface": (Surface, surface),
    "accuracy": (Accuracy, accuracy),
    "class_accuracy": (ClassAccuracy, class_accuracy),
    "confusion": (Confusion, confusion),
    "mistaken_images": (MistakenImages, mistaken_images),
}
"""The kinds of exhibit that are drawn, with the form of their data."""
