"""A fresh alphabet: ten glyphs drawn for the occasion, so that nothing known beforehand helps.

A glyph is one or two strokes, each a quadratic Bézier curve with random control points.  A sample of it is
the glyph bent, turned, stretched and shifted a little, drawn with a soft pen on 8 x 8 pixels, and made
noisy.  The ten are chosen so that they look as little alike as possible, and an alphabet whose samples a
nearest-neighbour search cannot tell apart is drawn again.  Lengths are in pixels, points are (row, column).
How hard it is was settled by measurement: see docs/bars.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from splits import Images, Labels, Split

Floats = NDArray[np.float64]

SIZE = 8
CENTRE = (SIZE - 1) / 2
CLASSES = 10
TRAINING = 1500
HELD = 1000

MARGIN = 1.0  # that a glyph keeps from the edge before it is jittered
SHORTEST = 3.0  # between a stroke's ends
STEPS = 12  # points drawn along a stroke: closer together than the pen is wide
POOL = 120  # glyphs to choose ten from
DISTINCT = 0.97  # share of held-out samples that a nearest-neighbour search must get right

BEND = 0.1
TURN = np.deg2rad(6.0)
STRETCH = 0.05
SHIFT = 1.2
PEN = (0.5, 0.75)
INK = (0.7, 1.0)
NOISE = 0.05


def fresh_split(draw: np.random.Generator) -> Split:
    """A fresh alphabet: 1,500 samples to train on and 1,000 to score on, all glyphs equally likely."""
    while True:
        split = sampled(draw, fresh_glyphs(draw))
        if np.mean(nearest_neighbour(split) == split.held_labels) >= DISTINCT:
            return split


def sampled(draw: np.random.Generator, glyphs: list[Floats]) -> Split:
    """Samples of the glyphs, which are labelled in their order."""
    labels = draw.integers(0, CLASSES, TRAINING + HELD)
    images = np.empty((len(labels), 1, SIZE, SIZE), np.float32)
    for label, glyph in enumerate(glyphs):
        images[labels == label, 0] = samples(draw, glyph, int(np.sum(labels == label)))
    return Split(images[:TRAINING], labels[:TRAINING], images[TRAINING:], labels[TRAINING:])


def nearest_neighbour(split: Split) -> Labels:
    """For each held-out image the label of the training image that is nearest to it in Euclidean distance."""
    known, asked = split.images.reshape(TRAINING, -1), split.held_images.reshape(HELD, -1)
    distances = np.sum(np.square(known), axis=1) - 2 * asked @ known.T
    found: Labels = split.labels[np.argmin(distances, axis=1)]
    return found


def fresh_glyphs(draw: np.random.Generator) -> list[Floats]:
    """Ten glyphs that look as little alike as a pool of random ones allows: (strokes, 3, 2) points each.

    Starting from the pool's first, the next is always that whose greatest likeness to those chosen is least.
    """
    pool = [np.stack([fresh_stroke(draw) for _ in range(draw.integers(1, 3))]) for _ in range(POOL)]
    alike = likeness(pool)
    chosen = [0]
    while len(chosen) < CLASSES:
        chosen.append(int(np.argmin(np.max(alike[chosen], axis=0))))
    return [pool[index] for index in chosen]


def fresh_stroke(draw: np.random.Generator) -> Floats:
    """The three control points (3, 2) of a stroke whose ends are at least `SHORTEST` apart."""
    while True:
        stroke = draw.uniform(MARGIN, SIZE - 1 - MARGIN, (3, 2))
        if np.linalg.norm(stroke[2] - stroke[0]) >= SHORTEST:
            return stroke


def likeness(glyphs: list[Floats]) -> Floats:
    """The greatest cosine between the pictures of each two glyphs, one shifted by up to a pixel: (n, n)."""
    steps = np.array([[row, column] for row in (-1, 0, 1) for column in (-1, 0, 1)])
    pens = np.full(len(steps), PEN[1])
    shifted = [render(glyph + steps[:, np.newaxis, np.newaxis], pens) for glyph in glyphs]
    pictures = np.stack(shifted).reshape(len(glyphs), len(steps), -1)
    pictures /= np.linalg.norm(pictures, axis=-1, keepdims=True)
    cosines = np.einsum("gp,hsp->ghs", pictures[:, len(steps) // 2], pictures).max(axis=-1)
    symmetric: Floats = np.maximum(cosines, cosines.T)
    return symmetric


def samples(draw: np.random.Generator, glyph: Floats, count: int) -> Images:
    """`count` jittered, noisy pictures of `glyph`: float32 (count, 8, 8) in [0, 1]."""
    pictures = render(jitter(draw, glyph, count), draw.uniform(*PEN, count))
    inked = draw.uniform(*INK, (count, 1, 1)) * pictures
    return np.clip(inked + draw.normal(0, NOISE, inked.shape), 0, 1).astype(np.float32)


def jitter(draw: np.random.Generator, glyph: Floats, count: int) -> Floats:
    """`count` copies of the glyph, each bent, turned and stretched about the centre, and shifted."""
    angle, stretch = draw.normal(0, TURN, count), 1 + draw.normal(0, STRETCH, count)
    rows = np.stack([np.cos(angle), -np.sin(angle)], axis=-1)
    columns = np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    turn = stretch[:, np.newaxis, np.newaxis] * np.stack([rows, columns], axis=1)
    bent = glyph + draw.normal(0, BEND, (count, *glyph.shape)) - CENTRE
    shift = draw.uniform(-SHIFT, SHIFT, (count, 1, 1, 2))
    moved: Floats = np.einsum("nij,nspj->nspi", turn, bent) + CENTRE + shift
    return moved


def render(glyphs: Floats, widths: Floats) -> Floats:
    """Glyphs (n, strokes, 3, 2) drawn with pens of Gaussian profile, `widths` (n,): (n, 8, 8) in [0, 1]."""
    time = np.linspace(0, 1, STEPS)
    weights = np.stack([(1 - time) ** 2, 2 * time * (1 - time), time**2])
    points = np.einsum("pt,nspc->nstc", weights, glyphs).reshape(len(glyphs), -1, 2)
    squares = np.square(np.arange(SIZE)[:, np.newaxis] - points[:, np.newaxis].transpose(3, 0, 1, 2))
    nearest = np.min(squares[0][:, :, np.newaxis] + squares[1][:, np.newaxis], axis=-1)
    ink: Floats = np.exp(-nearest / (2 * widths[:, np.newaxis, np.newaxis] ** 2))
    return ink
