"""What is right, in float64 NumPy from the definitions; see docs/writing-an-assignment.md.

Arguments are the float32 arrays that the student's code was given.  In each `Expected`, `scale` adds up
the absolute values of the very terms that `value` adds up.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from grader.examine import Expected, remembered

Array = NDArray[np.float64]
Given = NDArray[np.generic]


def wide(values: Given) -> Array:
    """The same values in float64."""
    return values.astype(np.float64)


# --------------------------------------------------------------------------------------------- tensors


def converted(values: Given) -> Expected:
    """The float32 tensor of an array: exact where float32 has the number, else rounded."""
    exact = values.astype(np.float32) == wide(values)
    return Expected(wide(values), np.where(exact, 0.0, abs(wide(values))), terms=1)


# ---------------------------------------------------------------------------------------------- linear


@remembered
def linear(x: Given, weight: Given, bias: Given) -> Expected:
    """y = x Aᵀ + b for x (..., in), weight (out, in), bias (out,)."""
    value = wide(x) @ wide(weight).T + wide(bias)
    scale = abs(wide(x)) @ abs(wide(weight)).T + abs(wide(bias))
    return Expected(value, scale, terms=x.shape[-1] + 1)


@remembered
def linear_gradients(x: Given, weight: Given, upstream: Given) -> dict[str, Expected]:
    """The gradients of sum(y * upstream) in the input, the weight and the bias."""
    rows, outputs = wide(x).reshape(-1, x.shape[-1]), wide(upstream).reshape(-1, upstream.shape[-1])
    return {
        "x.grad": _product(wide(upstream), wide(weight)),
        "weight.grad": _product(outputs.T, rows),
        "bias.grad": _product(np.ones(len(outputs)), outputs),
    }


def _product(left: Array, right: Array) -> Expected:
    return Expected(left @ right, abs(left) @ abs(right), terms=right.shape[0])


# ------------------------------------------------------------------------------------------------ conv


@remembered
def conv2d(x: Given, weight: Given, bias: Given, stride: int = 1, padding: int = 0) -> Expected:
    """The cross-correlation of x (N, in, H, W) with weight (out, in, k, k), plus bias (out,)."""
    value = correlate(wide(x), wide(weight), wide(bias), stride, padding)
    scale = correlate(abs(wide(x)), abs(wide(weight)), abs(wide(bias)), stride, padding)
    return _evenly_rounded(value, scale, terms=int(np.prod(weight.shape[1:])) + 1)


def correlate(x: Array, weight: Array, bias: Array, stride: int = 1, padding: int = 0) -> Array:
    """The value alone, where nothing is to be compared with it."""
    taps = _taps(_padded(x, padding), weight.shape[2], stride)
    products = (np.tensordot(weight[:, :, i, j], met, axes=(1, 1)) for (i, j), met in taps.items())
    return np.moveaxis(np.asarray(sum(products)), 0, 1) + bias[:, None, None]


@remembered
def conv2d_gradients(
    x: Given, weight: Given, upstream: Given, stride: int = 1, padding: int = 0
) -> dict[str, Expected]:
    """The gradients of sum(y * upstream) in the input, the weight and the bias."""
    outputs, _, size, _ = weight.shape
    positions = upstream.size // outputs
    x, weight, upstream = wide(x), wide(weight), wide(upstream)
    values = _conv_gradients(x, weight, upstream, stride, padding)
    scales = _conv_gradients(abs(x), abs(weight), abs(upstream), stride, padding)
    terms = (outputs * size * size, positions, positions)
    names = ("x.grad", "weight.grad", "bias.grad")
    return {name: _evenly_rounded(*parts) for name, *parts in zip(names, values, scales, terms, strict=True)}


def _evenly_rounded(value: Array, scale: Array, terms: int) -> Expected:
    """The bound of the greatest sum for every element: an FFT's or Winograd's errors spread evenly."""
    return Expected(value, float(scale.max()), terms)


def _padded(x: Array, padding: int) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def _taps(padded: Array, size: int, stride: int) -> dict[tuple[int, int], Array]:
    """For each tap (i, j) of a kernel the inputs (N, C, H', W') that it meets: views of `padded`."""
    height, width = ((extent - size) // stride + 1 for extent in padded.shape[2:])
    rows = [slice(i, i + stride * height, stride) for i in range(size)]
    columns = [slice(j, j + stride * width, stride) for j in range(size)]
    return {(i, j): padded[:, :, rows[i], columns[j]] for i in range(size) for j in range(size)}


def _conv_gradients(
    x: Array, weight: Array, upstream: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    padded, size = _padded(x, padding), weight.shape[2]
    in_padded, in_weight = np.zeros_like(padded), np.zeros_like(weight)
    met, receivers = _taps(padded, size, stride), _taps(in_padded, size, stride)
    for i, j in met:
        receivers[i, j][...] += np.einsum("nohw,oc->nchw", upstream, weight[:, :, i, j])
        in_weight[:, :, i, j] = np.einsum("nohw,nchw->oc", upstream, met[i, j])
    height, width = x.shape[2:]
    in_x = in_padded[:, :, padding : padding + height, padding : padding + width]
    return in_x, in_weight, upstream.sum((0, 2, 3))


# ----------------------------------------------------------------------------------------- activations


def relu(x: Given) -> Expected:
    """max(x, 0), element by element."""
    return Expected(np.maximum(wide(x), 0), abs(wide(x)), terms=1)


def relu_gradient(x: Given, upstream: Given) -> Expected:
    """The gradient of sum(relu(x) * upstream), x nowhere 0."""
    return Expected(wide(upstream) * (wide(x) > 0), abs(wide(upstream)), terms=1)


@remembered
def max_pool(x: Given, size: int, stride: int) -> Expected:
    """The greatest value of each whole window, (N, C, H', W')."""
    windows = _windows(wide(x), size, stride)
    return Expected(windows.max((4, 5)), abs(windows).max((4, 5)), terms=size * size)


@remembered
def max_pool_gradient(x: Given, upstream: Given, size: int, stride: int) -> Expected:
    """The gradient of sum(max_pool(x) * upstream), no two values of x equal."""
    value, scale = np.zeros(x.shape), np.zeros(x.shape)
    winners = _windows(wide(x), size, stride).reshape(*upstream.shape, -1).argmax(-1)
    for (n, c, i, j), winner in np.ndenumerate(winners):
        at = (n, c, i * stride + winner // size, j * stride + winner % size)
        value[at] += upstream[n, c, i, j]
        scale[at] += abs(upstream[n, c, i, j])
    return Expected(value, scale, terms=size * size)


def flatten(x: Given) -> Expected:
    """(N, ...) to (N, everything else), in C order."""
    return Expected.exact(x.reshape(len(x), -1))


def _windows(x: Array, size: int, stride: int) -> Array:
    """All whole windows, (N, C, H', W', size, size)."""
    return sliding_window_view(x, (size, size), (2, 3))[:, :, ::stride, ::stride]


# ------------------------------------------------------------------------------------------------- mse


@remembered
def mse(prediction: Given, target: Given) -> Expected:
    """mean((target - prediction)²) over all elements."""
    squares = (wide(target) - wide(prediction)) ** 2
    return Expected(squares.mean(), float(squares.mean()), terms=squares.size)


@remembered
def mse_gradients(prediction: Given, target: Given, upstream: Given) -> dict[str, Expected]:
    """The gradients of loss * upstream in prediction and target."""
    factor = 2 * wide(upstream) / prediction.size
    value = factor * (wide(prediction) - wide(target))
    scale = abs(factor) * (abs(wide(prediction)) + abs(wide(target)))
    return {
        "prediction.grad": Expected(value, scale, terms=2),
        "target.grad": Expected(-value, scale, terms=2),
    }


@remembered
def mse_surface(x: Given, y: Given, slopes: Given, intercepts: Given) -> Expected:
    """The MSE of the line slopes[i]·x + intercepts[j] on the data, at [i, j].

    The scale is that of the expanded square, mean((|y| + |m·x| + |b|)²): from the moments of the data one
    may compute the surface too.
    """
    value = ((wide(y) - _lines(wide(x), wide(slopes), wide(intercepts))) ** 2).mean(-1)
    scale = ((abs(wide(y)) + _lines(*(abs(wide(a)) for a in (x, slopes, intercepts)))) ** 2).mean(-1)
    return Expected(value, scale, terms=x.size + 4)


def _lines(x: Array, slopes: Array, intercepts: Array) -> Array:
    """The values of all lines at all points, (slopes, intercepts, points)."""
    return slopes[:, None, None] * x + intercepts[:, None]
