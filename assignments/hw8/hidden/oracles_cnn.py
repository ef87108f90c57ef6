"""The provided network, in float64 NumPy: its logits, its gradients and what it predicts.

A network is a dictionary of the six arrays named in `SHAPES`.  The rounding bound of the logits is that of
its layers composed.  Let S be what the network gives for |x| with |weights|, and g(n) Higham's gamma of n
terms.  If a layer's input is off by at most g(m)·S and the layer adds up n terms, its output is off by at
most |W|·g(m)·S + g(n)·(|W|·|x̂| + |b|).  Since |x̂| <= (1 + g(m))·S, that is at most g(m + n)·(|W|·S + |b|)
(Higham, lemma 3.3).  ReLU and the maximum change nothing, as neither moves two numbers apart.  So the logits
are off by at most g(10 + 73 + 65)·S.
"""

from dataclasses import dataclass

import numpy as np
import oracles
from numpy.typing import NDArray

from grader.examine import Expected, remembered

Array = NDArray[np.float64]
Given = NDArray[np.float32]
Classes = NDArray[np.int64]
Network = dict[str, NDArray[np.floating]]

SHAPES = {
    "conv1.weight": (8, 1, 3, 3),
    "conv1.bias": (8,),
    "conv2.weight": (16, 8, 3, 3),
    "conv2.bias": (16,),
    "fc.weight": (10, 64),
    "fc.bias": (10,),
}
TERMS = (1 * 9 + 1) + (8 * 9 + 1) + (64 + 1)


@dataclass(frozen=True)
class Pass:
    """What a forward pass leaves: each block's input and convolution, the features of `fc`, the logits."""

    inputs: tuple[Array, Array]
    convolved: tuple[Array, Array]
    features: Array
    logits: Array


@remembered
def logits(network: Network, images: Given) -> Expected:
    """The logits (N, 10) of images (N, 1, 8, 8)."""
    value = forward(network, wide(images)).logits
    scale = forward(magnitudes(network), np.abs(wide(images))).logits
    return Expected(value, float(scale.max()), TERMS)


def predictions(network: Network, images: Given) -> Classes:
    """The class (N,) of the largest logit of each image."""
    with np.errstate(all="ignore"):  # a network that diverged has logits that are not finite
        found: Classes = np.argmax(forward(network, wide(images)).logits, axis=1)
    return found


def forward(network: Network, images: Array) -> Pass:
    """conv1, ReLU, pool, conv2, ReLU, pool, flatten, fc."""
    first = convolve(network, "conv1", images)
    between = pool(np.maximum(first, 0))
    second = convolve(network, "conv2", between)
    features = pool(np.maximum(second, 0)).reshape(len(images), -1)
    last = features @ wide(network["fc.weight"]).T + wide(network["fc.bias"])
    return Pass((images, between), (first, second), features, last)


def convolve(network: Network, name: str, x: Array) -> Array:
    """The 3 x 3 convolution `name` with padding 1: (N, in, H, W) to (N, out, H, W)."""
    return oracles.correlate(x, wide(network[f"{name}.weight"]), wide(network[f"{name}.bias"]), padding=1)


def windows(x: Array) -> Array:
    """The 2 x 2 windows of x (N, C, H, W): (N, C, H/2, W/2, 4)."""
    n, channels, height, width = x.shape
    blocks = x.reshape(n, channels, height // 2, 2, width // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    return blocks.reshape(n, channels, height // 2, width // 2, 4)


def pool(x: Array) -> Array:
    """The maximum of each 2 x 2 window: (N, C, H, W) to (N, C, H/2, W/2)."""
    greatest: Array = np.max(windows(x), axis=-1)
    return greatest


# ----------------------------------------------------------------------------------------- gradients


@remembered
def gradients(network: Network, images: Given, upstream: Given) -> dict[str, Expected]:
    """The gradients of sum(logits * upstream) in each parameter, away from kinks and ties.

    Their scale is the same computation with absolute values, through the same windows' winners.
    """
    trace = forward(network, wide(images))
    winners = [routes(convolved) for convolved in trace.convolved]
    values = backward(network, trace, winners, wide(upstream))
    bounding = forward(magnitudes(network), np.abs(wide(images)))
    scales = backward(magnitudes(network), bounding, winners, np.abs(wide(upstream)))
    terms = 2 * TERMS + 64 * len(images)
    return {name: Expected(values[name], float(scales[name].max()), terms) for name in SHAPES}


def backward(network: Network, trace: Pass, winners: list[Array], upstream: Array) -> dict[str, Array]:
    """The gradients in the parameters, the pooled ones handed to each window's winner."""
    pooled = (upstream @ wide(network["fc.weight"])).reshape(-1, 16, 2, 2)
    second = through(network, "conv2", trace.inputs[1], pooled, winners[1])
    first = through(network, "conv1", trace.inputs[0], second["x"], winners[0])
    return {
        "fc.weight": upstream.T @ trace.features,
        "fc.bias": upstream.sum(axis=0),
        **{name: gradient for name, gradient in (first | second).items() if name != "x"},
    }


def through(network: Network, name: str, x: Array, pooled: Array, winners: Array) -> dict[str, Array]:
    """The gradients in the parameters and the input ("x") of a block, from those in its output."""
    upstream = pooled.repeat(2, axis=2).repeat(2, axis=3) * winners
    found = oracles.conv2d_gradients(x, network[f"{name}.weight"], upstream, padding=1)
    return {
        f"{name}.weight": found["weight.grad"].value,
        f"{name}.bias": found["bias.grad"].value,
        "x": found["x.grad"].value,
    }


def routes(convolved: Array) -> Array:
    """1 where an element of (N, C, H, W) is its window's maximum and positive, else 0."""
    greatest = pool(convolved).repeat(2, axis=2).repeat(2, axis=3)
    won: Array = ((convolved == greatest) & (convolved > 0)).astype(np.float64)
    return won


@remembered
def margin(network: Network, images: Given) -> float:
    """How near the images come to a kink or a tie: the least gap, of all windows, between their greatest
    convolution and the next or 0."""
    gaps = []
    for convolved in forward(network, wide(images)).convolved:
        ordered = np.sort(windows(convolved), axis=-1)
        runner_up = np.maximum(ordered[..., -2], 0)
        gaps.append(np.min(np.abs(ordered[..., -1] - runner_up)))
    return float(min(gaps))


def magnitudes(network: Network) -> Network:
    """The network with the absolute values of all parameters."""
    return {name: np.abs(values) for name, values in network.items()}


def wide(values: NDArray[np.floating]) -> Array:
    """The same values in float64."""
    return values.astype(np.float64)
