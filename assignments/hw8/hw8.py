# %% [markdown]
# # Homework 8: deep learning with PyTorch
#
# In this homework you build a neural network from its pieces: fully-connected and convolutional layers,
# activations, the mean squared error, gradient descent and a training loop. At the end, a small
# convolutional network made of *your* layers reads handwritten digits.
#
# **How it works.** Replace every `raise NotImplementedError(...)` by your code; names and arguments stay as
# they are. A check follows each exercise and a picture follows many: both use your functions, and say so
# kindly where something is still to do. The checks are a sample; the grading goes further, with other numbers
# and other shapes.
#
# **What holds everywhere.** Tensors are `float32` unless said otherwise, images have the shape
# `(N, C, H, W)` (samples, channels, height, width), and every function that takes `device` works on
# `"cpu"` and on `"cuda"`. You may use all of PyTorch except what a section lists as *not allowed*.
#
# | section | exercises | points |
# | --- | --- | --- |
# | fully-connected layer | `Linear` | 16 |
# | NumPy and PyTorch | `to_tensor`, `to_numpy` | 6 |
# | convolutional layer | `Conv2d` | 20 |
# | activations | `ReLU`, `MaxPool2d`, `Flatten` | 10 |
# | mean squared error | `mse_loss`, `mse_surface` | 12 |
# | gradient descent | `sgd_step`, `train`, `fit_line` | 18 |
# | the network | `CNN`, `accuracy`, `train_classifier` | 18 |

# %%
import math
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# %% [markdown]
# Two helpers for the cells to come: `check` runs a check, `show` draws a picture. Neither stops the notebook
# while an exercise is still to do.

# %%
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.set_num_threads(1)  # networks as small as these are fastest on one core


def check(exercise):
    """Run the function below at once and print how `exercise` fared."""

    def run(examples):
        try:
            examples()
        except NotImplementedError as todo:
            print(f"{exercise}: still to do ({todo})")
        except AssertionError as difference:
            print(f"{exercise}: not right yet. {difference}")
        except Exception as error:
            print(f"{exercise}: not right yet. It raises {type(error).__name__}: {error}")
        else:
            print(f"{exercise}: all examples are right.")

    return run


def show(picture):
    """Run the function below at once, or print what it is still waiting for."""
    try:
        picture()
    except NotImplementedError as todo:
        print(f"The picture has to wait: {todo}")
    except FileNotFoundError as missing:
        print(missing)


def same(actual, expected):
    """Whether two tensors agree in shape and, up to rounding, in value."""
    expected = torch.as_tensor(expected, dtype=torch.float32)
    return actual.shape == expected.shape and torch.allclose(actual.cpu(), expected, atol=1e-5)


# %% [markdown]
# The data are real handwritten digits, 8 × 8 pixels with 17 grey levels, from the UCI "Optical Recognition of
# Handwritten Digits" set. They lie beside this notebook, in `data/digits_train.npz`.


# %%
def load_digits(path="data/digits_train.npz"):
    """The images `(N, 8, 8)`, scaled from 0..16 to [0, 1], and the labels `(N,)`, as NumPy arrays."""
    if not Path(path).exists():
        raise FileNotFoundError(
            f"The digits are not here: {path} is missing. It comes with the handout: put the folder `data` "
            "beside this notebook, and start Jupyter there."
        )
    with np.load(path) as file:
        return file["images"] / 16, file["labels"]


@show
def _():
    images, labels = load_digits()
    figure, axes = plt.subplots(1, 10, figsize=(10, 1.5))
    for digit, axis in enumerate(axes):
        axis.imshow(images[labels == digit][0], cmap="gray_r")
        axis.set_title(digit)
        axis.axis("off")
    plt.show()


# %% [markdown]
# ## 1. A network is a differentiable function
#
# A neural network is a function $f_\theta(x)$ with many adjustable numbers, its parameters $\theta$. It is a
# chain of simple functions, the *layers*:
#
# $$f_\theta(x) = f_3(f_2(f_1(x))).$$
#
# Each layer can be differentiated, so the chain rule gives the derivative of the whole with respect to every
# parameter. PyTorch keeps that book for you: it records what you compute and walks back through the record
# when you call `backward()`. Afterwards `p.grad` holds $\partial L / \partial p$ for each parameter $p$.
#
# As an example take the smallest network there is, $f_w(x) = \tanh(w x)$ with the one parameter $w$. The chain
# rule says $\partial f / \partial w = x\,(1 - \tanh^2(w x))$; PyTorch finds the same.

# %%
w = torch.tensor(0.5, requires_grad=True)
x = torch.tensor(3.0)
f = torch.tanh(w * x)
f.backward()
print(f"by PyTorch {w.grad:.6f}, by the chain rule {3 * (1 - math.tanh(1.5) ** 2):.6f}")

# %% [markdown]
# ## 2. The fully-connected layer
#
# A fully-connected layer is a matrix-vector product and a sum. For one input $x$ with $n$ features and
# $m$ outputs,
#
# $$y = A x + b, \qquad A \in \mathbb{R}^{m \times n},\ b \in \mathbb{R}^{m},$$
#
# so that $y_i = \sum_j A_{ij}\, x_j + b_i$: every output looks at every input. $A$ is called the *weight* and
# $b$ the *bias*. A batch holds one input per **row** of a matrix $X$; then the same layer reads
# $Y = X A^\top + b$.
#
# Parameters start random and small: drawn from the uniform distribution on
# $[-1/\sqrt n,\ 1/\sqrt n]$, so that an output's size does not grow with the number of its inputs.
#
# **Shapes.** `Linear(3, 2)` has a weight `(2, 3)` and a bias `(2,)`. It maps an input `(3,)` to `(2,)`, a batch
# `(5, 3)` to `(5, 2)`, and a batch of sequences `(5, 7, 3)` to `(5, 7, 2)`.
#
# **Not allowed in this section:** `nn.Linear`, `nn.LazyLinear`, `nn.Bilinear`, `F.linear`, `F.bilinear`.


# %%
class Linear(nn.Module):
    """The fully-connected layer y = x Aᵀ + b.

    `Linear(in_features, out_features)` has two `nn.Parameter`s, `weight` `(out_features, in_features)` and
    `bias` `(out_features,)`, both drawn from U(-s, s) with s = 1/sqrt(in_features).
    """

    def __init__(self, in_features, out_features):
        super().__init__()
        raise NotImplementedError("Linear.__init__: draw the parameters `weight` and `bias`")

    def forward(self, x):
        """Map `x` `(..., in_features)` to `(..., out_features)`, for any number of leading dimensions."""
        raise NotImplementedError("Linear.forward: y = x Aᵀ + b")


# %%
@check("Linear")
def _():
    layer = Linear(3, 2)
    names = {name: tuple(parameter.shape) for name, parameter in layer.named_parameters()}
    assert names == {"weight": (2, 3), "bias": (2,)}, f"Its parameters are {names}."
    assert layer.weight.abs().max() <= 1 / math.sqrt(3), "Some weights are too large."
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2, 3], [0, -1, 4]]))
        layer.bias.copy_(torch.tensor([10.0, 20]))
    assert same(layer(torch.tensor([1.0, 0, 2])), [17, 28]), "One input (3,) should give [17, 28]."
    assert same(layer(torch.ones(4, 3)), [[16, 23]] * 4), "A batch (4, 3) of ones should give rows [16, 23]."
    assert layer(torch.ones(5, 7, 3)).shape == (5, 7, 2), "An input (5, 7, 3) should give (5, 7, 2)."


# %% [markdown]
# ## 3. NumPy and PyTorch
#
# Data come as NumPy arrays, networks compute with PyTorch tensors. The two differ in three ways: NumPy's usual
# number is `float64` and PyTorch's `float32`; a tensor lives on a *device*, the CPU or a GPU; and a tensor may
# carry the record that `backward()` needs. Operands must share their device, so model and data are moved to the
# GPU together, and results come back before NumPy can have them.
#
# `torch.from_numpy` makes a tensor that *shares* the array's memory: who writes to one changes the other.
# `to_tensor` is to give an independent copy instead.
#
# **Shapes.** They stay: an array `(5, 8, 8)` of `uint8` becomes a tensor `(5, 8, 8)` of `float32`, and a
# tensor `(2, 3)` of `int64` becomes an array `(2, 3)` of `int64`.


# %%
def to_tensor(array, device="cpu"):
    """Turn a NumPy array of any numeric dtype and any shape into a `float32` tensor on `device`.

    0-d, empty and non-contiguous arrays work too. Later writes to the array leave the tensor as it is. The
    tensor requires no gradient.
    """
    raise NotImplementedError("to_tensor: an independent float32 copy on the device")


def to_numpy(tensor):
    """Turn a tensor on any device into a NumPy array of the same dtype and shape.

    It works whether or not the tensor requires a gradient.
    """
    raise NotImplementedError("to_numpy: leave the record and the device behind")


# %%
@check("to_tensor")
def _():
    array = np.arange(6, dtype=np.int16).reshape(2, 3)
    tensor = to_tensor(array[:, ::-1], device)
    assert tensor.dtype == torch.float32, f"The dtype is {tensor.dtype}."
    assert tensor.device.type == device, f"The tensor is on {tensor.device}."
    assert same(tensor, [[2, 1, 0], [5, 4, 3]]), "The values changed."
    single = np.ones(4, dtype=np.float32)
    copy = to_tensor(single)
    single[0] = 100
    assert copy[0] == 1, "A write to the array reached the tensor."


@check("to_numpy")
def _():
    tensor = torch.tensor([[1.5, -2.0]], requires_grad=True, device=device)
    array = to_numpy(tensor * 2)
    assert isinstance(array, np.ndarray), f"The result is a {type(array).__name__}."
    assert array.dtype == np.float32 and array.tolist() == [[3.0, -4.0]], f"It is {array!r}."
    assert to_numpy(torch.tensor([1, 2])).dtype == np.int64, "An int64 tensor should stay int64."


# %% [markdown]
# ## 4. The convolutional layer
#
# Earlier in the course you filtered images with fixed kernels: derivative kernels that answer to edges, and
# smoothing kernels that average the neighbours,
#
# $$\frac18\begin{pmatrix}-1&0&1\\-2&0&2\\-1&0&1\end{pmatrix},\qquad
#   \frac18\begin{pmatrix}-1&-2&-1\\0&0&0\\1&2&1\end{pmatrix},\qquad
#   \frac1{16}\begin{pmatrix}1&2&1\\2&4&2\\1&2&1\end{pmatrix}.$$
#
# A convolutional layer slides kernels over its input too, but nobody writes the kernels down: they are
# parameters and are *learned*. With several input channels a kernel has one slice for each, and the answers
# are added up; each output channel has a kernel and a bias of its own. For padded input $x$ and stride $s$,
#
# $$y_{n,o,i,j} = b_o + \sum_{c}\sum_{u=0}^{k-1}\sum_{v=0}^{k-1} A_{o,c,u,v}\; x_{n,\,c,\,si+u,\,sj+v}.$$
#
# (Strictly, this is a *cross-correlation*: the kernel is not flipped. Deep learning calls it convolution.)
# Padding $p$ puts $p$ rows and columns of zeros around the image, on all four sides. The output's height is
#
# $$H' = \left\lfloor \frac{H + 2p - k}{s} \right\rfloor + 1,$$
#
# and its width likewise. A kernel has $n = C_\mathrm{in} k^2$ inputs, so weight and bias are drawn from the
# uniform distribution on $[-1/\sqrt n,\ 1/\sqrt n]$.
#
# **Shapes.** `Conv2d(3, 4, 5, stride=2, padding=1)` has a weight `(4, 3, 5, 5)` and a bias `(4,)`. It maps
# `(2, 3, 8, 12)` to `(2, 4, 3, 5)`, for $\lfloor(8 + 2 - 5)/2\rfloor + 1 = 3$ and
# $\lfloor(12 + 2 - 5)/2\rfloor + 1 = 5$.
#
# **Not allowed in this section:** every `nn.Conv*`, `F.conv*` and `torch.conv*`. `F.pad`, `F.unfold` and
# `Tensor.unfold` are allowed. There are two good ways: loop over the kernel's $k^2$ places and add up shifted
# images, or lay out all windows as columns and use one matrix product. (A loop over every pixel is right too,
# but too slow to train with.)


# %%
class Conv2d(nn.Module):
    """The convolutional layer: a cross-correlation with learned kernels, with zero padding.

    `Conv2d(in_channels, out_channels, kernel_size, stride=1, padding=0)` has two `nn.Parameter`s, `weight`
    `(out_channels, in_channels, k, k)` and `bias` `(out_channels,)`, both drawn from U(-s, s) with
    s = 1/sqrt(in_channels * k * k). `kernel_size` k, `stride` and `padding` are integers.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        raise NotImplementedError("Conv2d.__init__: keep the settings, draw `weight` and `bias`")

    def forward(self, x):
        """Map `x` `(N, in_channels, H, W)` to `(N, out_channels, H', W')`.

        H' = (H + 2 padding - k) // stride + 1, and W' likewise.
        """
        raise NotImplementedError("Conv2d.forward: slide the kernels over the padded input")


# %%
def conv_with(kernels, **settings):
    """Your `Conv2d` with the kernels `(out, in, k, k)` put in and the bias set to zero."""
    kernels = torch.as_tensor(kernels, dtype=torch.float32)
    layer = Conv2d(kernels.shape[1], kernels.shape[0], kernels.shape[2], **settings)
    with torch.no_grad():
        layer.weight.copy_(kernels)
        layer.bias.zero_()
    return layer


@check("Conv2d")
def _():
    layer = Conv2d(3, 4, 5, stride=2, padding=1)
    names = {name: tuple(parameter.shape) for name, parameter in layer.named_parameters()}
    assert names == {"weight": (4, 3, 5, 5), "bias": (4,)}, f"Its parameters are {names}."
    shape = tuple(layer(torch.ones(2, 3, 8, 12)).shape)
    assert shape == (2, 4, 3, 5), f"An input (2, 3, 8, 12) should give (2, 4, 3, 5), not {shape}."
    image = torch.arange(12.0).reshape(1, 1, 3, 4)
    corner = conv_with([[[[1, 0], [0, 10]]]])
    assert same(corner(image), [[[[50, 61, 72], [94, 105, 116]]]]), (
        "[[1, 0], [0, 10]] on 0..11: wrong values."
    )
    with torch.no_grad():
        corner.bias.fill_(1000)
    assert same(corner(image)[0, 0, 0], [1050, 1061, 1072]), "The bias is not added once to each output."
    both = conv_with([[[[1]], [[100]]]])
    assert same(both(torch.ones(1, 2, 2, 2)), [[[[101, 101]] * 2]]), "Input channels should be added up."
    sums = conv_with(torch.ones(1, 1, 3, 3), stride=2, padding=1)
    assert same(sums(torch.ones(1, 1, 3, 3)), [[[[4, 4], [4, 4]]]]), "stride=2, padding=1: wrong values."


# %% [markdown]
# With fixed kernels put in, your layer does what the filters did: the first two answer to vertical and to
# horizontal edges, with the sign telling the direction, and the third blurs.


# %%
@show
def _():
    images, _ = load_digits()
    kernels = {
        "derivative along x": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8,
        "derivative along y": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]) / 8,
        "smoothing": np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    }
    layer = conv_with(np.stack(list(kernels.values()))[:, None], padding=1)
    answers = to_numpy(layer(to_tensor(images[:1, None])))[0]
    figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")
    axes[0].imshow(images[0], cmap="gray_r")
    axes[0].set_title("a digit")
    for axis, answer, name in zip(axes[1:], answers, kernels):
        drawn = axis.imshow(answer, cmap="RdBu", vmin=-1, vmax=1)
        axis.set_title(name)
    for axis in axes:
        axis.set(xticks=[], yticks=[])
    figure.colorbar(drawn, ax=axes)
    plt.show()


# %% [markdown]
# ## 5. Activations
#
# Two linear layers in a row are one linear layer: $A_2(A_1 x + b_1) + b_2 = (A_2A_1)x + (A_2b_1 + b_2)$. What
# makes a deep network more than that is a nonlinear function in between. The usual one is the *rectified linear
# unit*,
#
# $$\operatorname{ReLU}(x) = \max(x, 0),$$
#
# element by element. *Max pooling* keeps the greatest value of each $k \times k$ window and so makes the image
# smaller; with stride $s$ (as large as the window, unless given),
#
# $$y_{n,c,i,j} = \max_{0 \le u, v < k} x_{n,\,c,\,si+u,\,sj+v}, \qquad
#   H' = \left\lfloor \frac{H - k}{s} \right\rfloor + 1.$$
#
# Windows that do not fit whole are dropped. *Flattening* turns each sample into one long vector, ready for a
# fully-connected layer.
#
# **Shapes.** `ReLU()` keeps the shape. `MaxPool2d(2)` maps `(5, 3, 7, 8)` to `(5, 3, 3, 4)`,
# `MaxPool2d(3, stride=2)` maps it to `(5, 3, 3, 3)`. `Flatten()` maps `(5, 3, 7, 8)` to `(5, 168)`.
#
# **Not allowed in this section:** `nn.ReLU`, `F.relu*`, `torch.relu*`, `Tensor.relu*`, `nn.MaxPool*`,
# `F.max_pool*`, `F.adaptive_max_pool*`, `nn.Flatten`. `torch.clamp`, `torch.flatten` and `reshape` are allowed.


# %%
class ReLU(nn.Module):
    """The rectified linear unit."""

    def forward(self, x):
        """max(x, 0), element by element: a new tensor; `x` itself stays as it is."""
        raise NotImplementedError("ReLU.forward: max(x, 0)")


class MaxPool2d(nn.Module):
    """Max pooling: `MaxPool2d(kernel_size, stride=None)`; a stride of None means `kernel_size`."""

    def __init__(self, kernel_size, stride=None):
        super().__init__()
        raise NotImplementedError("MaxPool2d.__init__: keep the settings")

    def forward(self, x):
        """Map `x` `(N, C, H, W)` to `(N, C, H', W')`, H' = (H - kernel_size) // stride + 1, W' likewise.

        Right for negative numbers too: the maximum of a window is one of its values.
        """
        raise NotImplementedError("MaxPool2d.forward: the maximum of each window")


class Flatten(nn.Module):
    """One vector per sample."""

    def forward(self, x):
        """Map `x` `(N, ...)` to `(N, everything else)`."""
        raise NotImplementedError("Flatten.forward: keep the first dimension, join the others")


# %%
@check("ReLU")
def _():
    x = torch.tensor([[-3.0, 0.5], [2.0, -0.25]])
    assert same(ReLU()(x), [[0, 0.5], [2, 0]]), "[[-3, 0.5], [2, -0.25]] should give [[0, 0.5], [2, 0]]."
    assert x[0, 0] == -3, "The input was changed."


@check("MaxPool2d")
def _():
    x = torch.arange(20.0).reshape(1, 1, 4, 5) - 100
    assert same(MaxPool2d(2)(x), [[[[-94, -92], [-84, -82]]]]), "MaxPool2d(2) of -100..-81 in 4 × 5."
    assert same(MaxPool2d(3, stride=1)(x)[0, 0, 0], [-88, -87, -86]), "MaxPool2d(3, stride=1) of the same."


@check("Flatten")
def _():
    x = torch.arange(12.0).reshape(2, 3, 1, 2)
    assert same(Flatten()(x), [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]), "(2, 3, 1, 2) should give (2, 6)."


# %% [markdown]
# The three at work on a digit: a derivative, what ReLU leaves of it, and what pooling makes of that.


# %%
@show
def _():
    images, _ = load_digits()
    edges = conv_with([[[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]], padding=1)
    derivative = edges(to_tensor(images[:1, None]))
    rectified = ReLU()(derivative)
    pooled = MaxPool2d(2)(rectified)
    stages = {"derivative along x": derivative, "after ReLU": rectified, "after MaxPool2d(2)": pooled}
    figure, axes = plt.subplots(1, 3, figsize=(8.5, 2.8), layout="constrained")
    for axis, (name, stage) in zip(axes, stages.items()):
        drawn = axis.imshow(to_numpy(stage)[0, 0], cmap="RdBu", vmin=-4, vmax=4)
        axis.set(title=name, xticks=[], yticks=[])
    figure.colorbar(drawn, ax=axes)
    print(f"After Flatten: {tuple(Flatten()(pooled).shape)}")
    plt.show()


# %% [markdown]
# ## 6. Mean squared error
#
# How wrong is a network? For predictions $\hat y$ and targets $y$ with $n$ elements in all,
#
# $$\operatorname{MSE} = \underbrace{\frac1n \sum_{i=1}^{n}}_{\text{mean}}
#   \underbrace{\bigl(\,\underbrace{y_i}_{\text{target}} - \underbrace{\hat y_i}_{\text{prediction}}\,\bigr)^2}
#   _{\text{squared error}}.$$
#
# The square makes every error count as positive, and large errors count more. The mean makes the number
# comparable between data sets of different sizes.
#
# **Shapes.** `mse_loss` maps two tensors of the same shape, say `(5, 3)`, to a scalar tensor `()`; here $n = 15$.
# Shapes that differ are an error: PyTorch would quietly stretch `(5,)` against `(5, 1)` to `(5, 5)` and compare
# everything with everything. `mse_surface` maps data `(40,)` and `(40,)`, 60 slopes and 50 intercepts to
# `(60, 50)`.
#
# **Not allowed in this section:** `nn.MSELoss`, `F.mse_loss`.


# %%
def mse_loss(prediction, target):
    """The mean squared error, mean((target - prediction)²) over all elements, as a scalar tensor.

    It is differentiable in both. ValueError where the shapes differ.
    """
    raise NotImplementedError("mse_loss: mean((target - prediction)²)")


def mse_surface(x, y, slopes, intercepts):
    """The MSE of many lines at once, for the plot "weights versus MSE".

    Entry `[i, j]` of the result `(len(slopes), len(intercepts))` is the MSE of the line
    f(x) = slopes[i]·x + intercepts[j] on the data `x` `(n,)`, `y` `(n,)`. All are tensors of one dimension.
    """
    raise NotImplementedError("mse_surface: one MSE for each pair of slope and intercept")


# %%
@check("mse_loss")
def _():
    prediction = torch.tensor([[1.0, 2], [3, 4]], requires_grad=True)
    target = torch.tensor([[1.0, 0], [0, 4]])
    loss = mse_loss(prediction, target)
    assert loss.shape == (), f"The loss should be a scalar (), not {tuple(loss.shape)}."
    assert same(loss.detach(), 13 / 4), f"The errors 0, -2, -3, 0 should give 13/4, not {loss.item()}."
    loss.backward()
    assert same(prediction.grad, [[0, 1], [1.5, 0]]), "The gradient is 2/n times (prediction - target)."
    try:
        mse_loss(torch.zeros(3), torch.zeros(3, 1))
    except ValueError:
        return
    raise AssertionError("(3,) against (3, 1) should raise a ValueError.")


@check("mse_surface")
def _():
    x, y = torch.tensor([0.0, 1, 2]), torch.tensor([1.0, 3, 5])
    surface = mse_surface(x, y, torch.tensor([0.0, 2]), torch.tensor([0.0, 1, 4]))
    assert same(surface, [[35 / 3, 20 / 3, 11 / 3], [1, 0, 9]]), f"On y = 2x + 1 it is {surface}."


# %% [markdown]
# ## 7. Gradient descent
#
# The gradient $\partial L/\partial p$ points to where the loss $L$ grows fastest. Gradient descent takes a small
# step the other way, for every parameter $p$ at once:
#
# $$p \leftarrow p - \eta\,\frac{\partial L}{\partial p}.$$
#
# The *learning rate* $\eta$ (`lr`) says how small. Too small and it takes forever; too large and it leaps over
# the valley, and the loss grows.
#
# **The training loop** repeats five steps for each batch, in this order:
#
# 1. move the batch to the device the model is on;
# 2. *forward*: predict, and compute the loss;
# 3. clear the old gradients, or the new ones are added to them;
# 4. *backward*: let PyTorch compute $\partial L/\partial p$ for every parameter;
# 5. *step*: move every parameter against its gradient. The step itself must not be recorded.
#
# One pass over all batches is an *epoch*. The loss of an epoch is the mean over its **samples**: if the batches
# differ in size, each batch's loss counts as often as it has samples. For batches of 4 and 1 samples with losses
# 2 and 7 that is $(4\cdot2 + 1\cdot7)/5 = 3$.
#
# **The line is a one-layer network.** $f(x) = mx + b$ is a fully-connected layer with one input and one output:
# $m$ is its weight and $b$ its bias. To it, $n$ numbers are $n$ samples of one feature each, so `x` `(n,)` goes
# in as `(n, 1)`.
#
# **Not allowed in this section:** everything in `torch.optim`, `np.polyfit`, `lstsq` and the other closed-form
# solvers.


# %%
def sgd_step(parameters, lr):
    """One step of plain gradient descent in place: p ← p - lr · ∂L/∂p.

    `parameters` is any iterable of parameters, a generator too. A parameter whose `grad` is None stays as it
    is. Nothing is recorded for autograd, and the gradients are left as they are.
    """
    raise NotImplementedError("sgd_step: p ← p - lr · ∂L/∂p for each parameter")


def train(model, loss_fn, batches, lr, epochs, device="cpu"):
    """Train `model` in place with plain gradient descent, `epochs` times over `batches`.

    `batches` holds pairs (input, target) and can be iterated over again and again; they are taken in the order
    given, one step a batch. The model is in training mode; it and each batch are moved to `device`. The loss of
    a batch is `loss_fn(model(input), target)`.

    Returns a list with each epoch's mean loss per sample as Python floats: each batch's loss before its step,
    weighted by the batch's size.
    """
    raise NotImplementedError("train: the five steps for each batch, and each epoch's mean loss")


def fit_line(x, y, lr=0.1, epochs=200):
    """Fit f(x) = m·x + b to tensors `x` `(n,)` and `y` `(n,)`; returns `(m, b)` as Python floats.

    It trains one fully-connected layer with the MSE and full-batch gradient descent: all data in one batch.
    """
    raise NotImplementedError("fit_line: train a layer with one input and one output")


# %%
@check("sgd_step")
def _():
    moved, frozen = nn.Parameter(torch.tensor([1.0, -2.0])), nn.Parameter(torch.tensor([5.0]))
    moved.grad = torch.tensor([10.0, -20.0])
    sgd_step((parameter for parameter in [moved, frozen]), lr=0.25)
    assert same(moved.detach(), [-1.5, 3]), (
        f"[1, -2] with gradient [10, -20] and lr 0.25 became {moved.tolist()}."
    )
    assert same(frozen.detach(), [5]), "A parameter without gradient should stay."
    assert same(moved.grad, [10, -20]), "The gradient should be left as it is."


class Constant(nn.Module):
    """A network that ignores its input: f(x) = c, for the check of `train`."""

    def __init__(self):
        super().__init__()
        self.c = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.c.expand(len(x))


@check("train")
def _():
    model = Constant()
    batches = [(torch.zeros(3), torch.full((3,), 2.0)), (torch.zeros(1), torch.full((1,), 4.0))]
    history = train(model, lambda a, b: ((a - b) ** 2).mean(), batches, lr=0.25, epochs=2)
    assert len(history) == 2 and all(isinstance(loss, float) for loss in history), f"It returned {history}."
    assert np.allclose(history, [5.25, 0.953125]), (
        f"The epochs' losses should be 5.25 and 0.953125, not {history}."
    )
    assert math.isclose(model.c.item(), 3.125, rel_tol=1e-5), f"c should end at 3.125, not {model.c.item()}."


@check("fit_line")
def _():
    x = torch.linspace(-1, 1, 9)
    m, b = fit_line(x, 3 * x - 1, lr=0.2, epochs=300)
    assert isinstance(m, float) and isinstance(b, float), "m and b should be Python floats."
    assert math.isclose(m, 3, abs_tol=1e-3) and math.isclose(b, -1, abs_tol=1e-3), (
        f"3x - 1 became {m}x + {b}."
    )


# %% [markdown]
# Now watch it learn. Below are noisy points around a line, the line of an untrained layer, and the line after
# training.


# %%
def line_data():
    """Forty noisy points around the line 1.5 x - 0.5."""
    rng = np.random.default_rng(8)
    x = rng.uniform(-0.5, 2, 40)
    return to_tensor(x), to_tensor(1.5 * x - 0.5 + rng.normal(0, 0.4, 40))


def start_line(slope, intercept):
    """Your `Linear(1, 1)`, set to a given line."""
    line = Linear(1, 1)
    with torch.no_grad():
        line.weight.fill_(slope)
        line.bias.fill_(intercept)
    return line


@show
def _():
    x, y = line_data()
    ends = torch.tensor([-0.7, 2.2])
    m, b = fit_line(x, y)
    plt.figure(figsize=(6, 3.8))
    plt.scatter(x, y, color="0.4", s=18, label="data")
    for slope, intercept, name, colour in [(-1, -1.5, "before", "tab:orange"), (m, b, "after", "tab:blue")]:
        loss = mse_loss(slope * x + intercept, y).item()
        text = f"{name} training: {slope:.2f} x {intercept:+.2f}, MSE {loss:.2f}"
        plt.plot(ends, slope * ends + intercept, color=colour, label=text)
    plt.xlabel("x")
    plt.ylabel("y")
    plt.ylim(top=5.2)
    plt.legend(loc="upper left")
    plt.show()


# %% [markdown]
# A line has two parameters, so its loss is a landscape over a plane that can be drawn. Gradient descent starts
# at the untrained line and walks downhill; every dot is one step. It crosses the lines of equal height at right
# angles, since the gradient does.


# %%
def descent_path(x, y, line, lr, steps):
    """Slope, intercept and MSE before the first and after each step of gradient descent: `(steps + 1, 3)`."""
    batch = (x[:, None], y[:, None])
    path = []
    for _ in range(steps + 1):
        m, b = line.weight.item(), line.bias.item()
        path.append((m, b, mse_loss(m * x + b, y).item()))
        train(line, mse_loss, [batch], lr, epochs=1)
    return np.array(path)


@show
def _():
    x, y = line_data()
    path = descent_path(x, y, start_line(-1, -1.5), lr=0.1, steps=80)
    slopes, intercepts = torch.linspace(-1.5, 3.5, 60), torch.linspace(-2.5, 2.5, 50)
    heights = to_numpy(mse_surface(x, y, slopes, intercepts))
    figure = plt.figure(figsize=(11, 4.6), layout="constrained")
    hills = figure.add_subplot(1, 2, 1, projection="3d", computed_zorder=False)
    hills.plot_surface(
        slopes[:, None].numpy(), intercepts[None, :].numpy(), heights, cmap="viridis", alpha=0.85
    )
    hills.plot(*path.T, "o-", color="tab:red", markersize=3)
    hills.set(xlabel="slope m", ylabel="intercept b", zlabel="MSE")
    hills.view_init(elev=40, azim=-60)
    chart = figure.add_subplot(1, 2, 2)
    levels = heights.min() + (heights.max() - heights.min()) * np.linspace(0, 1, 16) ** 2
    filled = chart.contourf(slopes, intercepts, heights.T, levels=levels, cmap="viridis")
    chart.plot(path[:, 0], path[:, 1], "o-", color="tab:red", markersize=3, label="gradient descent")
    chart.plot(*path[0, :2], "s", color="white", markeredgecolor="black", label="start")
    chart.set(xlabel="slope m", ylabel="intercept b", title="weights versus MSE", aspect="equal")
    chart.legend(loc="upper right")
    figure.colorbar(filled, ax=chart, label="MSE", format="%.1f")
    plt.show()


# %% [markdown]
# ## 8. A convolutional network for digits
#
# The architecture is given. Assemble it from *your* layers, under these names:
#
# | attribute | layer | output for `(N, 1, 8, 8)` |
# | --- | --- | --- |
# | `conv1` | `Conv2d(1, 8, 3, padding=1)`, then ReLU, then `MaxPool2d(2)` | `(N, 8, 4, 4)` |
# | `conv2` | `Conv2d(8, 16, 3, padding=1)`, then ReLU, then `MaxPool2d(2)` | `(N, 16, 2, 2)` |
# | `fc` | flatten, then `Linear(64, 10)` | `(N, 10)` |
#
# The ten outputs are the *logits*: the larger the number, the likelier the digit. There is no softmax and no
# ReLU after `fc`: `F.cross_entropy`, the usual loss for classes, takes the logits as they are. It is the mean of
# $-\log p_i$, where $p_i$ is the probability that softmax gives to sample $i$'s label. The *accuracy* is the
# share of samples whose largest logit is the label.
#
# **Shapes.** Follow a batch `(32, 1, 8, 8)`: `(32, 8, 8, 8)` after `conv1`, `(32, 8, 4, 4)` after pooling,
# `(32, 16, 4, 4)` after `conv2`, `(32, 16, 2, 2)` after pooling, `(32, 64)` flat, `(32, 10)` after `fc`.
#
# `F.cross_entropy` and `torch.optim` are allowed here. For `train_classifier` you choose the loss, the learning
# rate, the batch size and the number of epochs. It has one minute on one core, and the grading trains it on
# pictures that you have not seen.


# %%
class CNN(nn.Module):
    """The given network, from images `(N, 1, 8, 8)` to logits `(N, 10)`.

    Its parameters are exactly `conv1.weight`, `conv1.bias`, `conv2.weight`, `conv2.bias`, `fc.weight` and
    `fc.bias`.
    """

    def __init__(self):
        super().__init__()
        raise NotImplementedError("CNN.__init__: the layers of the table")

    def forward(self, x):
        """Map images `(N, 1, 8, 8)` to logits `(N, 10)`."""
        raise NotImplementedError("CNN.forward: the table, row by row")


def accuracy(model, batches, device="cpu"):
    """The share of samples whose largest logit is the label: a Python float in [0, 1].

    `batches` holds pairs (images, labels), labels `(N,)`. The model is evaluated on `device`, in evaluation mode
    and without gradients; afterwards it is in the mode that it was in before.
    """
    raise NotImplementedError("accuracy: count the samples that are right")


def train_classifier(images, labels, device="cpu"):
    """Train a new `CNN` on `device` and return it.

    `images` `(N, 1, 8, 8)` have values in [0, 1], `labels` `(N,)` are `int64`, 0 to 9; both are on the CPU.
    """
    raise NotImplementedError("train_classifier: a new CNN, trained on shuffled mini-batches")


# %%
@check("CNN")
def _():
    model = CNN()
    names = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    assert names == {
        "conv1.weight": (8, 1, 3, 3), "conv1.bias": (8,), "conv2.weight": (16, 8, 3, 3), "conv2.bias": (16,),
        "fc.weight": (10, 64), "fc.bias": (10,),
    }, f"Its parameters are {names}."  # fmt: skip
    assert model(torch.rand(3, 1, 8, 8)).shape == (3, 10), "(3, 1, 8, 8) should give (3, 10)."
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.01)
    logits = model(torch.zeros(1, 1, 8, 8))
    assert same(logits, [[0.021008] * 10]), (
        f"All parameters 0.01, black image: 0.02101, not {logits[0, 0]:.5f}."
    )


@check("accuracy")
def _():
    logits = torch.tensor([[1.0, 3, 2], [5, 4, 6], [0, -1, -2]])
    model = nn.Identity().train()
    share = accuracy(model, [(logits[:2], torch.tensor([1, 0])), (logits[2:], torch.tensor([0]))])
    assert isinstance(share, float), f"The result is a {type(share).__name__}."
    assert math.isclose(share, 2 / 3), f"Two of three are right: 2/3, not {share}."
    assert model.training, "The model should be back in training mode."


@check("train_classifier")
def _():
    bright = torch.arange(2).repeat(20)
    images = bright[:, None, None, None] * torch.ones(40, 1, 8, 8)
    model = train_classifier(images, bright)
    assert isinstance(model, CNN), f"It returned a {type(model).__name__}."
    assert (model(images).argmax(1) == bright).all(), "It should tell black images from white ones."


# %% [markdown]
# ### Training it on the digits
#
# First with your own `train`: plain gradient descent, on all but the last 200 digits. The others are held back
# to see whether the network has learned digits or has learned them by heart. A network that guesses has the loss
# $\log 10 \approx 2.3$.


# %%
def digit_split(held_back=200):
    """Images `(N, 1, 8, 8)` and labels to train on, and `held_back` others to test with."""
    images, labels = load_digits()
    images, labels = to_tensor(images[:, None]), torch.from_numpy(labels)
    return (images[:-held_back], labels[:-held_back]), (images[-held_back:], labels[-held_back:])


@show
def _():
    (images, labels), held_back = digit_split()
    torch.manual_seed(8)
    model = CNN()
    batches = list(zip(images.split(32), labels.split(32)))
    history = train(model, F.cross_entropy, batches, lr=0.1, epochs=25, device=device)
    plt.figure(figsize=(6, 3.4))
    plt.plot(range(1, len(history) + 1), history, "o-", markersize=3)
    plt.axhline(math.log(10), color="0.6", linestyle="--", label="guessing")
    plt.xlabel("epoch")
    plt.ylabel("mean loss per sample")
    plt.ylim(bottom=0)
    plt.legend()
    plt.show()
    print(f"accuracy on the training digits:  {accuracy(model, batches, device):.3f}")
    print(f"accuracy on the held-back digits: {accuracy(model, [held_back], device):.3f}")


# %% [markdown]
# Then with `train_classifier`, your own choice of everything. The *confusion matrix* shows in row $i$ and column
# $j$ how many of the digits $i$ were taken for a $j$: what is off the diagonal is wrong. Some of the mistakes
# below it would be hard for you, too. Last come the kernels that `conv1` has learned: nobody told the network
# about edges, and yet some of them look like the derivative kernels of section 4.


# %%
def draw_confusion(labels, guesses):
    """How often each digit was taken for each digit, as a picture."""
    confusion = np.zeros((10, 10), dtype=int)
    np.add.at(confusion, (labels, guesses), 1)
    plt.figure(figsize=(4.8, 4.4))
    plt.imshow(confusion, cmap="Blues")
    for (row, column), count in np.ndenumerate(confusion):
        if count:
            plt.text(column, row, count, ha="center", va="center", color="white" if count > 12 else "black")
    plt.xticks(range(10))
    plt.yticks(range(10))
    plt.xlabel("what the network says")
    plt.ylabel("what it is")
    plt.show()


def draw_mistakes(images, labels, guesses):
    """Up to ten digits that the network gets wrong."""
    wrong = np.flatnonzero(labels != guesses)[:10]
    figure, axes = plt.subplots(1, 10, figsize=(10, 1.7))
    for axis in axes:
        axis.axis("off")
    for axis, place in zip(axes, wrong):
        axis.imshow(images[place, 0], cmap="gray_r")
        axis.set_title(f"{labels[place]}, not {guesses[place]}", fontsize=9)
    plt.show()


def draw_kernels(kernels):
    """The kernels `(8, 3, 3)` of the first layer, red negative and blue positive."""
    largest = abs(kernels).max()
    figure, axes = plt.subplots(1, 8, figsize=(10, 1.5))
    for axis, kernel in zip(axes, kernels):
        axis.imshow(kernel, cmap="RdBu", vmin=-largest, vmax=largest)
        axis.set(xticks=[], yticks=[])
    plt.show()


@show
def _():
    (images, labels), held_back = digit_split()
    torch.manual_seed(8)
    model = train_classifier(images, labels, device)
    print(f"accuracy on the held-back digits: {accuracy(model, [held_back], device):.3f}")
    guesses = to_numpy(model(held_back[0].to(device)).argmax(dim=1))
    draw_confusion(to_numpy(held_back[1]), guesses)
    draw_mistakes(to_numpy(held_back[0]), to_numpy(held_back[1]), guesses)
    draw_kernels(to_numpy(model.conv1.weight)[:, 0])


# %% [markdown]
# **Handing in.** Hand in this notebook as `hw8.ipynb`, or a module `hw8.py` with the same definitions, or a
# folder or zip that holds one of them. Only the exercises and what they need are used; pictures, checks and other
# cells may stay.
