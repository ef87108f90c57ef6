"""What runs beside the student's code.  No answer is in here.

A probe is called as `probe(student, device, **case)`; `student.Name` is the student's object.  The functions
without `student` are tools for the probes.
"""

from types import ModuleType
from typing import Any, TypeAlias, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.generic]
Result = dict[str, object]
Layer: TypeAlias = Any
"""An object of the student's: nothing is known of it."""

# ----------------------------------------------------------------------------------------------- tools


def tensor(
    values: Array, device: str | torch.device, requires_grad: bool = False, strided: bool = False
) -> torch.Tensor:
    """A new tensor with the values and dtype of a NumPy array; `strided` lays it out in another order."""
    result = torch.tensor(values, device=device)
    if strided:
        result = other_strides(result)
    return result.requires_grad_(requires_grad)


def other_strides(dense: torch.Tensor) -> torch.Tensor:
    """The same values with gaps in memory and with the axes in reversed order."""
    memory = torch.zeros(*reversed(dense.shape), 2, dtype=dense.dtype, device=dense.device)
    view = memory[..., 0].permute(*reversed(range(dense.dim())))
    view.copy_(dense)
    return view


def fill(layer: Layer, **values: Array) -> None:
    """Copy arrays into the parameters of a layer, in place; ValueError where a shape is another one."""
    for name, array in values.items():
        parameter = getattr(layer, name)
        if not isinstance(parameter, torch.Tensor):
            raise TypeError(f"{name} is a {type(parameter).__name__}, not a tensor")
        if tuple(parameter.shape) != array.shape:
            raise ValueError(
                f"{name} has shape {tuple(parameter.shape)}, the exercise asks for {array.shape}"
            )
        with torch.no_grad():
            parameter.copy_(tensor(array, parameter.device))


def gradients(result: object, upstream: Array, **inputs: torch.Tensor) -> Result:
    """The gradients of sum(result * upstream) in each of `inputs`, as "x.grad"; None where there is none."""
    grads: dict[str, object] = dict.fromkeys(inputs)
    leaves = {name: leaf for name, leaf in inputs.items() if leaf.requires_grad}
    if leaves and differentiable(result) and tuple(result.shape) == upstream.shape:
        weights = tensor(upstream, result.device).to(result.dtype)
        # a scalar first: to take gradients of anything else torch imports its symbolic shapes, which takes long
        found = torch.autograd.grad((result * weights).sum(), list(leaves.values()), allow_unused=True)
        grads |= dict(zip(leaves, found, strict=True))
    return {f"{name}.grad": grad for name, grad in grads.items()}


def differentiable(result: object) -> TypeGuard[torch.Tensor]:
    """Whether a result is a tensor with a graph behind it."""
    return isinstance(result, torch.Tensor) and result.requires_grad


def given(**options: object) -> dict[str, object]:
    """The options that a case sets: the others are left to the student's defaults."""
    return {name: value for name, value in options.items() if value is not None}


def parameters(layers: list[Layer]) -> Result:
    """Weight and bias of the first layer, the names that it has registered, and the second layer's weight."""
    first, second = layers
    names = [name for name, _ in first.named_parameters()]
    return {"weight": first.weight, "bias": first.bias, "parameters": names, "another weight": second.weight}


def forward(layer: Layer, device: str, x: Array, strided: bool = False) -> Result:
    """What a layer makes of an input, and the input afterwards."""
    given_x = tensor(x, device, strided=strided)
    return {"y": layer(given_x), "x afterwards": given_x}


def backward(layer: Layer, device: str, x: Array, upstream: Array, **leaves: torch.Tensor) -> Result:
    """What a layer makes of an input that requires a gradient, and the gradients in it and in `leaves`."""
    leaf = tensor(x, device, requires_grad=True)
    y = layer(leaf)
    return {"y": y, **gradients(y, upstream, x=leaf, **leaves)}


def repeated(layer: Layer, device: str, xs: list[Array], weights: list[Array], biases: list[Array]) -> Result:
    """One layer, called in turn with each input after its parameters were changed in place."""
    results: Result = {}
    for turn, (x, weight, bias) in enumerate(zip(xs, weights, biases, strict=True), start=1):
        fill(layer, weight=weight, bias=bias)
        results[f"y of call {turn}"] = layer(tensor(x, device))
    return results


def called_again(layer: Layer, device: str, xs: list[Array]) -> Result:
    """One layer without parameters, called in turn with each input."""
    return {f"y of call {turn}": layer(tensor(x, device)) for turn, x in enumerate(xs, start=1)}


# --------------------------------------------------------------------------------------------- tensors


def to_tensor(
    student: ModuleType, device: str, *, array: Array, layout: str = "plain", where: str = "text"
) -> Result:
    """`where`: the device as "text", as a torch.device ("object"), or left to the default ("default")."""
    options: dict[str, dict[str, object]] = {
        "text": {"device": device},
        "object": {"device": torch.device(device)},
        "default": {},
    }
    return {"tensor": student.to_tensor(laid_out(array, layout), **options[where])}


def laid_out(array: Array, layout: str) -> Array:
    """A writable NumPy array with the same values and another layout in memory."""
    copy = np.array(array)
    match layout:
        case "transposed":
            return np.ascontiguousarray(copy.T).T
        case "reversed":
            return np.flip(np.flip(copy).copy())
        case "with gaps":
            return np.repeat(copy, 2, axis=-1)[..., ::2]
        case "read-only":
            copy.setflags(write=False)
    return copy


def to_tensor_then_write(student: ModuleType, device: str, *, array: Array) -> Result:
    changed = np.array(array)
    result = student.to_tensor(changed, device=device)
    changed[...] = 0
    return {"tensor": result}


def to_numpy(
    student: ModuleType,
    device: str,
    *,
    array: Array,
    requires_grad: bool = False,
    strided: bool = False,
    computed: bool = False,
) -> Result:
    """`computed`: the tensor is the result of an operation, not a leaf."""
    values = tensor(array, device, requires_grad=requires_grad, strided=strided)
    return {"array": student.to_numpy(values * 1 if computed else values)}


# ---------------------------------------------------------------------------------------------- linear


def linear_parameters(student: ModuleType, device: str, *, in_features: int, out_features: int) -> Result:
    return parameters([student.Linear(in_features, out_features).to(device) for _ in range(2)])


def linear_forward(
    student: ModuleType, device: str, *, x: Array, weight: Array, bias: Array, strided: bool = False
) -> Result:
    return forward(linear(student, device, weight, bias), device, x, strided)


def linear_backward(
    student: ModuleType, device: str, *, x: Array, weight: Array, bias: Array, upstream: Array
) -> Result:
    layer = linear(student, device, weight, bias)
    return backward(layer, device, x, upstream, weight=layer.weight, bias=layer.bias)


def linear_repeated(
    student: ModuleType, device: str, *, xs: list[Array], weights: list[Array], biases: list[Array]
) -> Result:
    layer = linear(student, device, weights[0], biases[0])
    return repeated(layer, device, xs, weights, biases)


def linear(student: ModuleType, device: str, weight: Array, bias: Array) -> Layer:
    """The student's fully-connected layer with these parameters."""
    layer = student.Linear(weight.shape[1], weight.shape[0]).to(device)
    fill(layer, weight=weight, bias=bias)
    return layer


# ------------------------------------------------------------------------------------------------ conv


def conv_parameters(
    student: ModuleType, device: str, *, in_channels: int, out_channels: int, kernel_size: int
) -> Result:
    return parameters([student.Conv2d(in_channels, out_channels, kernel_size).to(device) for _ in range(2)])


def conv_forward(
    student: ModuleType,
    device: str,
    *,
    x: Array,
    weight: Array,
    bias: Array,
    stride: int | None = None,
    padding: int | None = None,
    strided: bool = False,
) -> Result:
    return forward(conv(student, device, weight, bias, stride, padding), device, x, strided)


def conv_backward(
    student: ModuleType,
    device: str,
    *,
    x: Array,
    weight: Array,
    bias: Array,
    upstream: Array,
    stride: int | None = None,
    padding: int | None = None,
) -> Result:
    layer = conv(student, device, weight, bias, stride, padding)
    return backward(layer, device, x, upstream, weight=layer.weight, bias=layer.bias)


def conv_repeated(
    student: ModuleType,
    device: str,
    *,
    xs: list[Array],
    weights: list[Array],
    biases: list[Array],
    stride: int | None = None,
    padding: int | None = None,
) -> Result:
    layer = conv(student, device, weights[0], biases[0], stride, padding)
    return repeated(layer, device, xs, weights, biases)


def conv(
    student: ModuleType, device: str, weight: Array, bias: Array, stride: int | None, padding: int | None
) -> Layer:
    """The student's convolutional layer with these parameters."""
    outputs, inputs, size, _ = weight.shape
    layer = student.Conv2d(inputs, outputs, size, **given(stride=stride, padding=padding)).to(device)
    fill(layer, weight=weight, bias=bias)
    return layer


# ----------------------------------------------------------------------------------------- activations


def relu_forward(student: ModuleType, device: str, *, x: Array, strided: bool = False) -> Result:
    return forward(student.ReLU().to(device), device, x, strided)


def relu_backward(student: ModuleType, device: str, *, x: Array, upstream: Array) -> Result:
    return backward(student.ReLU().to(device), device, x, upstream)


def relu_repeated(student: ModuleType, device: str, *, xs: list[Array]) -> Result:
    return called_again(student.ReLU().to(device), device, xs)


def pool_forward(
    student: ModuleType,
    device: str,
    *,
    x: Array,
    kernel_size: int,
    stride: int | None = None,
    strided: bool = False,
) -> Result:
    return forward(pool(student, device, kernel_size, stride), device, x, strided)


def pool_repeated(student: ModuleType, device: str, *, xs: list[Array], kernel_size: int) -> Result:
    return called_again(pool(student, device, kernel_size, None), device, xs)


def pool_backward(
    student: ModuleType,
    device: str,
    *,
    x: Array,
    upstream: Array,
    kernel_size: int,
    stride: int | None = None,
) -> Result:
    return backward(pool(student, device, kernel_size, stride), device, x, upstream)


def pool(student: ModuleType, device: str, kernel_size: int, stride: int | None) -> Layer:
    """The student's pooling layer."""
    return student.MaxPool2d(kernel_size, **given(stride=stride)).to(device)


def flatten_forward(student: ModuleType, device: str, *, x: Array, strided: bool = False) -> Result:
    return forward(student.Flatten().to(device), device, x, strided)


def flatten_repeated(student: ModuleType, device: str, *, xs: list[Array]) -> Result:
    return called_again(student.Flatten().to(device), device, xs)


def flatten_backward(student: ModuleType, device: str, *, x: Array, upstream: Array) -> Result:
    return backward(student.Flatten().to(device), device, x, upstream)


# ------------------------------------------------------------------------------------------------- mse


def mse_loss(
    student: ModuleType, device: str, *, prediction: Array, target: Array, strided: bool = False
) -> Result:
    pair = [tensor(values, device, strided=strided) for values in (prediction, target)]
    return {"loss": student.mse_loss(*pair)}


def mse_backward(
    student: ModuleType, device: str, *, prediction: Array, target: Array, upstream: Array
) -> Result:
    leaves = {"prediction": tensor(prediction, device, requires_grad=True)}
    leaves["target"] = tensor(target, device, requires_grad=True)
    loss = student.mse_loss(leaves["prediction"], leaves["target"])
    return {"loss": loss, **gradients(loss, upstream, **leaves)}


def mse_refusal(student: ModuleType, device: str, *, prediction: Array, target: Array) -> Result:
    try:
        loss = student.mse_loss(tensor(prediction, device), tensor(target, device))
    except ValueError:
        return {"raised": "ValueError"}
    return {"raised": None, "loss": loss}


def mse_surface(
    student: ModuleType, device: str, *, x: Array, y: Array, slopes: Array, intercepts: Array
) -> Result:
    return {
        "surface": student.mse_surface(*(tensor(values, device) for values in (x, y, slopes, intercepts)))
    }
