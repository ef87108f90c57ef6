# %% [markdown]
# # Homework 7: image filtering in NumPy
#
# A filter replaces each pixel by a weighted sum of its neighbourhood. The weights are the *kernel*, and with the
# right kernel the same few lines smooth an image, differentiate it or find its edges. In the next homework a
# network learns such kernels by itself; here you choose them.
#
# **How it works.** Replace every `raise NotImplementedError(...)` by your code; names and arguments stay as they are.
#
# **What holds everywhere.** An image is a NumPy array of shape `(H, W)`, of any real dtype: `uint8` from a file,
# or floating-point numbers. Results are new `float64` arrays; nothing that was passed in is changed. Rows are counted
# downwards (index `i`, axis 0, the direction y), columns to the right (index `j`, axis 1, the direction x).
# Not allowed: SciPy, `np.convolve`, `np.correlate`, `np.gradient`, PyTorch's convolutions.

# %%
import matplotlib.pyplot as plt
import numpy as np

# %% [markdown]
# ## Cross-correlation
#
# Lay the kernel over the image with its centre, the element $(\lfloor k_h/2 \rfloor, \lfloor k_w/2 \rfloor)$, on pixel
# $(i, j)$; multiply what lies on each other and add up:
#
# $$\text{out}[i, j] = \sum_{a=0}^{k_h-1} \sum_{b=0}^{k_w-1} \text{kernel}[a, b] \cdot
# \text{image}[i + a - \lfloor k_h/2 \rfloor,\; j + b - \lfloor k_w/2 \rfloor]$$
#
# Beyond its border the image is 0.


# %%
def correlate2d(image, kernel):
    """The cross-correlation of an image (H, W) with a kernel (kh, kw), as float64 (H, W).

    kh and kw may be odd or even, alike or not, and larger than the image; beyond its border the image is 0.
    """
    # BEGIN SOLUTION: zeros around the image, then a weighted sum of shifted images
    before = [extent // 2 for extent in kernel.shape]
    frame = [(front, extent - 1 - front) for front, extent in zip(before, kernel.shape)]
    padded = np.pad(np.asarray(image, dtype=np.float64), frame)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijab,ab->ij", windows, kernel)
    # END SOLUTION


# %% [markdown]
# Try it: a kernel with a single 1 to the right of its centre fetches each pixel's right neighbour.

# %%
try:
    print(correlate2d(np.array([[1, 2, 3], [4, 5, 6]]), np.array([[0, 0, 1]])))  # [[2. 3. 0.] [5. 6. 0.]]
except NotImplementedError as todo:
    print("Still to do:", todo)

# %% [markdown]
# ## Convolution
#
# A convolution goes through the kernel the other way:
#
# $$\text{out}[i, j] = \sum_{a=0}^{k_h-1} \sum_{b=0}^{k_w-1} \text{kernel}[a, b] \cdot
# \text{image}[i - a + \lfloor k_h/2 \rfloor,\; j - b + \lfloor k_w/2 \rfloor]$$
#
# For a kernel that is symmetric about its centre it is the same. For others it is the cross-correlation with the
# kernel turned by 180°; mind where the centre of an even kernel goes when you turn it.


# %%
def convolve2d(image, kernel):
    """The convolution of an image (H, W) with a kernel (kh, kw), as float64 (H, W).

    The centre is element (kh // 2, kw // 2) before any turning; beyond its border the image is 0.
    """
    # BEGIN SOLUTION: turn the kernel, keep its centre in place, and correlate
    in_front = [(1 - extent % 2, 0) for extent in kernel.shape]
    return correlate2d(image, np.pad(kernel[::-1, ::-1], in_front))
    # END SOLUTION


# %%
try:
    print(convolve2d(np.array([[1, 2, 3], [4, 5, 6]]), np.array([[0, 0, 1]])))  # [[0. 1. 2.] [0. 4. 5.]]
except NotImplementedError as todo:
    print("Still to do:", todo)

# %% [markdown]
# ## Smoothing
#
# The mean of a neighbourhood has less noise than a pixel. Near pixels should count for more, so take weights from the
# Gaussian bell, at whole steps $x, y$ from the kernel's centre, divided by their sum:
#
# $$g[y, x] \propto e^{-(x^2 + y^2) / (2 \sigma^2)}$$


# %%
def gaussian_kernel(size, sigma):
    """The Gaussian kernel of odd `size` (size, size) and standard deviation `sigma` in pixels; it adds up to 1."""
    # BEGIN SOLUTION: the bell at each element, divided by the sum of all
    steps = np.arange(size) - size // 2
    bell = np.exp(-(steps[:, None] ** 2 + steps**2) / (2 * sigma**2))
    return bell / bell.sum()
    # END SOLUTION


# %% [markdown]
# With zeros beyond the border, smoothing would darken the border. So here the edge pixels are *repeated* beyond it
# (`np.pad` can do that): an even grey stays even.


# %%
def smooth(image, size, sigma):
    """The image (H, W) smoothed with `gaussian_kernel(size, sigma)`, as float64 (H, W); edge pixels are repeated."""
    # BEGIN SOLUTION: repeat the edge pixels around it, filter, cut off what was added
    radius = size // 2
    bigger = np.pad(np.asarray(image, dtype=np.float64), radius, mode="edge")
    filtered = correlate2d(bigger, gaussian_kernel(size, sigma))
    return filtered[radius : radius + image.shape[0], radius : radius + image.shape[1]]
    # END SOLUTION


# %% [markdown]
# ## Derivatives
#
# Between pixels there is nothing to take a limit of, so a derivative is a difference. The *central* one is half the
# difference of the two neighbours: $\tfrac12 (\text{image}[i, j+1] - \text{image}[i, j-1])$ along axis 1, and the same
# from row to row along axis 0. Beyond the border the edge pixels are repeated.


# %%
def derivative(image, axis):
    """Half of (next pixel - previous pixel) along `axis` (0 or 1), as float64 (H, W); edge pixels are repeated."""
    # BEGIN SOLUTION: repeat the edge pixels along the axis, then subtract two slices
    bigger = np.pad(np.asarray(image, dtype=np.float64), 1, mode="edge")
    rows, columns = image.shape
    if axis == 0:
        return (bigger[2:, 1 : columns + 1] - bigger[:-2, 1 : columns + 1]) / 2
    return (bigger[1 : rows + 1, 2:] - bigger[1 : rows + 1, :-2]) / 2
    # END SOLUTION


# %% [markdown]
# ## Edges
#
# Noise makes bad derivatives. Sobel's filters smooth across the direction in which they differentiate:
#
# $$S_x = \begin{pmatrix} -1 & 0 & 1 \\ -2 & 0 & 2 \\ -1 & 0 & 1 \end{pmatrix}, \qquad S_y = S_x^\top$$
#
# The cross-correlations with them are $g_x$ and $g_y$, and how strong an edge is, whatever its direction, is the
# magnitude $\sqrt{g_x^2 + g_y^2}$. Edge pixels are repeated again.


# %%
def sobel_magnitude(image):
    """sqrt(gx² + gy²) of an image (H, W) for Sobel's filters as above, as float64 (H, W); edge pixels are repeated."""
    # BEGIN SOLUTION: both cross-correlations, then the length of (gx, gy)
    sobel_x = np.outer([1, 2, 1], [-1, 0, 1])
    bigger = np.pad(np.asarray(image, dtype=np.float64), 1, mode="edge")
    along_x, along_y = correlate2d(bigger, sobel_x), correlate2d(bigger, sobel_x.T)
    return np.sqrt(along_x**2 + along_y**2)[1:-1, 1:-1]
    # END SOLUTION


# %% [markdown]
# A disc and a bar in noise: what do your filters make of them?

# %%
y, x = np.mgrid[-40:40, -60:60]
picture = 200.0 * ((x + 20) ** 2 + y**2 < 500) + 120.0 * (abs(x - 30) < 8)
picture += np.random.default_rng(0).normal(0, 20, picture.shape)

try:
    views = {
        "the image": picture,
        "smoothed": smooth(picture, 9, 2.0),
        "derivative along x": derivative(picture, 1),
        "edges of the smoothed image": sobel_magnitude(smooth(picture, 9, 2.0)),
    }
    figure, axes = plt.subplots(1, 4, figsize=(14, 3))
    for place, (title, view) in zip(axes, views.items()):
        place.imshow(view, cmap="gray")
        place.set_title(title)
        place.set_axis_off()
    plt.show()
except NotImplementedError as todo:
    print("Still to do:", todo)
