"""Wrong ways to filter an image."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.sandbox.misconception import misconception

Array = NDArray[Any]
Right = Callable[..., Array]


def turned(kernel: Array) -> Array:
    """Both axes reversed, seen from the centre (kh // 2, kw // 2): an even kernel first gets zeros at its end."""
    return np.pad(kernel, [(0, 1 - extent % 2) for extent in kernel.shape])[::-1, ::-1]


def moved(kernel: Array) -> Array:
    """A kernel whose centre is one element earlier wherever its extent is even."""
    return np.pad(kernel, [(1 - extent % 2, 0) for extent in kernel.shape])


def framed(image: Array, frame: tuple[int, int], mode: Any) -> Array:
    """The image, in float64, with this many rows and columns put around it."""
    return np.pad(np.asarray(image, dtype=np.float64), [(extent, extent) for extent in frame], mode=mode)


def unframed(result: Array, frame: tuple[int, int]) -> Array:
    rows, columns = (slice(extent, -extent or None) for extent in frame)
    return result[rows, columns]


def as_given(result: Array, image: Array) -> Array:
    """The result in the image's own dtype, as arithmetic in it leaves it: whole numbers wrap around."""
    if np.issubdtype(image.dtype, np.integer):
        return np.round(result).astype(np.int64).astype(image.dtype)
    return result


# ------------------------------------------------------------------------------------------ correlate2d


@misconception(
    "correlate2d",
    aspect="kernel",
    hint="The kernel is flipped. That is a convolution; in a cross-correlation the kernel's first element meets the "
    "pixel above and to the left.",
)
def correlation_flipped(right: Right, image: Array, kernel: Array) -> Array:
    return right(image, turned(kernel))


@misconception(
    "correlate2d",
    aspect="kernel",
    hint="The kernel's rows and columns are exchanged: its first index goes with the image's rows.",
)
def correlation_transposed(right: Right, image: Array, kernel: Array) -> Array:
    return right(image, kernel.T)


@misconception(
    "correlate2d",
    aspect="border",
    hint="The edge pixels are repeated beyond the border. Here the image is 0 there.",
)
def correlation_edges_repeated(right: Right, image: Array, kernel: Array) -> Array:
    return unframed(right(framed(image, kernel.shape, "edge"), kernel), kernel.shape)


@misconception(
    "correlate2d",
    aspect="border",
    hint="Only the places where the whole kernel fits are computed. Put zeros around the image, so that the result "
    "has the image's shape.",
)
def correlation_without_padding(right: Right, image: Array, kernel: Array) -> Array:
    up, left = (extent // 2 for extent in kernel.shape)
    rows, columns = (
        max(size - extent + 1, 0) for size, extent in zip(image.shape, kernel.shape, strict=True)
    )
    return right(image, kernel)[up : up + rows, left : left + columns]


@misconception(
    "correlate2d",
    aspect="centre",
    hint="The centre of an even kernel is one element off: it is element (kh // 2, kw // 2).",
)
def correlation_centre_too_early(right: Right, image: Array, kernel: Array) -> Array:
    return right(image, moved(kernel))


@misconception(
    "correlate2d",
    aspect="centre",
    hint="The padding is the same on both sides. Around an even kernel's centre there is one element less after it "
    "than before it; with too much padding the result is larger than the image.",
)
def correlation_grown(right: Right, image: Array, kernel: Array) -> Array:
    beyond = [(0, 1 - extent % 2) for extent in kernel.shape]
    return right(np.pad(image, beyond), kernel)


@misconception(
    "correlate2d",
    aspect="dtype",
    hint="The result is kept in the image's own dtype. Whole numbers of 8 bits overflow: compute in float64.",
)
def correlation_in_the_images_dtype(right: Right, image: Array, kernel: Array) -> Array:
    return as_given(right(image, kernel), image)


@misconception(
    "correlate2d",
    aspect="in place",
    hint="The result is written into the caller's image. Write it into a new array.",
)
def correlation_in_place(right: Right, image: Array, kernel: Array) -> Array:
    result = right(image, kernel)
    np.copyto(image, result, casting="unsafe")
    return result


# ------------------------------------------------------------------------------------------- convolve2d


@misconception(
    "convolve2d",
    aspect="kernel",
    hint="The flip is forgotten: this is a cross-correlation. A convolution goes through the kernel backwards, in "
    "both directions.",
)
def flip_forgotten(right: Right, image: Array, kernel: Array) -> Array:
    return right(image, turned(kernel))


@misconception(
    "convolve2d",
    aspect="kernel",
    hint="The kernel is flipped upside down only. A convolution reverses its rows and its columns.",
)
def flipped_upside_down_only(right: Right, image: Array, kernel: Array) -> Array:
    return right(image, turned(kernel)[::-1])


@misconception(
    "convolve2d",
    aspect="kernel",
    hint="The kernel is transposed where it should be flipped: reverse the order of its rows and of its columns.",
)
def transposed_in_place_of_flipped(right: Right, image: Array, kernel: Array) -> Array:
    return right(image, turned(kernel.T))


@misconception(
    "convolve2d",
    aspect="centre",
    hint="Flipping an even kernel moves its centre by one element. Check the definition: kernel[kh // 2, kw // 2] "
    "is the weight of the pixel itself.",
)
def centre_moved_by_the_flip(right: Right, image: Array, kernel: Array) -> Array:
    return right(image, moved(kernel))


@misconception(
    "convolve2d",
    aspect="border",
    hint="The edge pixels are repeated beyond the border. In this convolution the image is 0 there.",
)
def convolution_edges_repeated(right: Right, image: Array, kernel: Array) -> Array:
    return unframed(right(framed(image, kernel.shape, "edge"), kernel), kernel.shape)


@misconception(
    "convolve2d",
    aspect="dtype",
    hint="The convolution is kept in the image's own dtype. Whole numbers of 8 bits overflow: compute in float64.",
)
def convolution_in_the_images_dtype(right: Right, image: Array, kernel: Array) -> Array:
    return as_given(right(image, kernel), image)


# --------------------------------------------------------------------------------------- gaussian_kernel


@misconception(
    "gaussian_kernel",
    aspect="norm",
    hint="The kernel is not divided by its sum, so it doesn't add up to 1 and smoothing would change the brightness.",
)
def kernel_not_normalised(right: Right, size: int, sigma: float) -> Array:
    kernel: Array = right(size, sigma)
    return np.asarray(np.divide(kernel, kernel.max()))


@misconception(
    "gaussian_kernel",
    aspect="norm",
    hint="The kernel is divided by 2πσ². That is right for the whole plane; of a few pixels, take the sum itself.",
)
def normalised_as_a_density(right: Right, size: int, sigma: float) -> Array:
    kernel: Array = right(size, sigma)
    return np.asarray(np.divide(kernel, kernel.max() * 2 * np.pi * sigma**2))


@misconception(
    "gaussian_kernel",
    aspect="norm",
    hint="Each row adds up to 1. The whole kernel should.",
)
def rows_normalised(right: Right, size: int, sigma: float) -> Array:
    kernel: Array = right(size, sigma)
    return np.asarray(np.divide(kernel, kernel.sum(axis=1, keepdims=True)))


@misconception(
    "gaussian_kernel",
    aspect="width",
    hint="The exponent has σ where it should have σ².",
)
def sigma_not_squared(right: Right, size: int, sigma: float) -> Array:
    return right(size, np.sqrt(sigma))


@misconception(
    "gaussian_kernel",
    aspect="width",
    hint="The 2 in the exponent's denominator is missing: it is 2σ².",
)
def two_forgotten(right: Right, size: int, sigma: float) -> Array:
    return right(size, sigma / np.sqrt(2))


# ------------------------------------------------------------------------------------------------ smooth


@misconception(
    "smooth",
    aspect="border",
    hint="Beyond the border the image is taken for black, so the border gets darker. Repeat the edge pixels there.",
)
def black_beyond_the_border(right: Right, image: Array, size: int, sigma: float) -> Array:
    frame = (size // 2 + 1, size // 2 + 1)
    return unframed(right(framed(image, frame, "constant"), size, sigma), frame)


@misconception(
    "smooth",
    aspect="border",
    hint="Beyond the border the image is mirrored. Repeat the edge pixels there.",
)
def mirrored_beyond_the_border(right: Right, image: Array, size: int, sigma: float) -> Array:
    frame = (size // 2 + 1, size // 2 + 1)
    return unframed(right(framed(image, frame, "reflect"), size, sigma), frame)


@misconception(
    "smooth",
    aspect="border",
    hint="Only the places where the whole kernel fits are computed; the result should have the image's shape.",
)
def smaller_than_the_image(right: Right, image: Array, size: int, sigma: float) -> Array:
    return unframed(right(image, size, sigma), (size // 2, size // 2))


@misconception(
    "smooth",
    aspect="dtype",
    hint="The smoothed image is kept in the image's own dtype, which loses the fractions: compute in float64.",
)
def smoothed_in_the_images_dtype(right: Right, image: Array, size: int, sigma: float) -> Array:
    return as_given(right(image, size, sigma), image)


# -------------------------------------------------------------------------------------------- derivative


@misconception(
    "derivative",
    aspect="axis",
    hint="The axes are exchanged: axis 0 goes from row to row, axis 1 from column to column.",
)
def axes_exchanged(right: Right, image: Array, axis: int) -> Array:
    return right(image, 1 - axis)


@misconception(
    "derivative",
    aspect="sign",
    hint="The sign is turned round, as by a convolution with (-1, 0, 1): it is the next pixel minus the previous one.",
)
def sign_turned(right: Right, image: Array, axis: int) -> Array:
    return -right(image, axis)


@misconception(
    "derivative",
    aspect="scale",
    hint="The difference is not halved. The two neighbours are two pixels apart.",
)
def not_halved(right: Right, image: Array, axis: int) -> Array:
    return 2 * right(image, axis)


@misconception(
    "derivative",
    hint="This is the difference to the pixel itself. The central difference is between its two neighbours.",
)
def one_sided(right: Right, image: Array, axis: int) -> Array:
    values = np.asarray(image, dtype=np.float64)
    last = np.take(values, [-1], axis)
    return np.diff(values, axis=axis, append=last)


@misconception(
    "derivative",
    aspect="border",
    hint="Beyond the border the image is taken for black. Repeat the edge pixels there.",
)
def derivative_black_beyond(right: Right, image: Array, axis: int) -> Array:
    return unframed(right(framed(image, (1, 1), "constant"), axis), (1, 1))


@misconception(
    "derivative",
    aspect="dtype",
    hint="The difference is taken in the image's own dtype: in uint8, 3 - 5 is 254. Convert to float64 first.",
)
def wrapped_around(right: Right, image: Array, axis: int) -> Array:
    if not np.issubdtype(image.dtype, np.integer):
        return right(image, axis)
    return (2 * right(image, axis)).astype(np.int64).astype(image.dtype) / 2


# --------------------------------------------------------------------------------------- sobel_magnitude


@misconception(
    "sobel_magnitude",
    aspect="magnitude",
    hint="The square root is missing: the magnitude is the length of the vector (gx, gy).",
)
def root_forgotten(right: Right, image: Array) -> Array:
    return right(image) ** 2


@misconception(
    "sobel_magnitude",
    aspect="scale",
    hint="The kernels are divided by 8. Here they are used with the whole numbers -2 to 2.",
)
def divided_by_eight(right: Right, image: Array) -> Array:
    return right(image) / 8


@misconception(
    "sobel_magnitude",
    aspect="border",
    hint="Beyond the border the image is taken for black, which makes a frame of edges. Repeat the edge pixels there.",
)
def frame_of_edges(right: Right, image: Array) -> Array:
    return unframed(right(framed(image, (2, 2), "constant")), (2, 2))


@misconception(
    "sobel_magnitude",
    hint="The absolute values are added. The length of (gx, gy) is the square root of the sum of the squares.",
)
def absolute_values_added(right: Right, image: Array) -> Array:
    along_x, along_y = answers(image, 2.0)
    return abs(along_x) + abs(along_y)


@misconception(
    "sobel_magnitude",
    hint="Only the edges from left to right are found: gy is missing.",
)
def one_direction_only(right: Right, image: Array) -> Array:
    along_x, _ = answers(image, 2.0)
    return abs(along_x)


@misconception(
    "sobel_magnitude",
    hint="The middle row and column weigh 1, which is Prewitt's filter. Sobel's gives them the weight 2.",
)
def prewitt(right: Right, image: Array) -> Array:
    return np.hypot(*answers(image, 1.0))


def answers(image: Array, middle: float) -> tuple[Array, Array]:
    """Both filters' answers, the middle row or column weighing this much."""
    padded = framed(image, (1, 1), "edge")
    across, down = padded[:, 2:] - padded[:, :-2], padded[2:] - padded[:-2]
    along_x = across[:-2] + middle * across[1:-1] + across[2:]
    along_y = down[:, :-2] + middle * down[:, 1:-1] + down[:, 2:]
    return along_x, along_y
