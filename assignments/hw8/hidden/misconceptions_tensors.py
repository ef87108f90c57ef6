"""Wrong ways to turn NumPy arrays into tensors and back."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]
Values = np.ndarray[Any, Any]


@misconception(
    "to_tensor",
    hint="The tensor shares the array's memory: torch.from_numpy and torch.as_tensor do not copy where the dtype "
    "fits already, and they refuse negative strides. Think of which functions make a copy.",
)
def memory_shared(right: Right, array: Values, device: str = "cpu") -> Tensor:
    return torch.as_tensor(np.asarray(array, dtype=np.float32), device=device)


@misconception(
    "to_tensor",
    hint="The tensor keeps the array's dtype. Networks compute in float32, so the dtype has to be asked for.",
)
def dtype_kept(right: Right, array: Values, device: str = "cpu") -> Tensor:
    return torch.tensor(array.copy(), device=device)


@misconception(
    "to_tensor",
    hint="Only floating-point arrays become float32; integers and booleans keep their dtype.",
)
def integers_kept(right: Right, array: Values, device: str = "cpu") -> Tensor:
    return right(array, device) if array.dtype.kind == "f" else torch.tensor(array.copy(), device=device)


@misconception(
    "to_tensor",
    hint="The values pass through whole numbers on their way: the digits after the point are lost.",
)
def values_truncated(right: Right, array: Values, device: str = "cpu") -> Any:
    return right(array.astype(np.int64), device)


@misconception(
    "to_tensor",
    hint="The values pass through float16 on their way, which keeps three digits and overflows beyond 65504.",
)
def half_precision_tensor(right: Right, array: Values, device: str = "cpu") -> Any:
    with np.errstate(over="ignore"):
        return right(array.astype(np.float16), device)


@misconception(
    "to_tensor",
    hint="A dimension is added to the array's shape. Whoever calls the function decides on batch and channel "
    "dimensions; here the shape stays.",
)
def batch_dimension_added(right: Right, array: Values, device: str = "cpu") -> Any:
    return right(array, device).unsqueeze(0)


@misconception(
    "to_tensor",
    hint="A 0-d array comes back with one dimension: np.ascontiguousarray and np.atleast_1d add it.",
)
def zero_dimensions_lost(right: Right, array: Values, device: str = "cpu") -> Any:
    return right(np.ascontiguousarray(array), device)


@misconception(
    "to_tensor",
    hint="Dimensions of size 1 are squeezed away: the shape has to stay as it is.",
)
def tensor_squeezed(right: Right, array: Values, device: str = "cpu") -> Any:
    return right(array, device).squeeze()


@misconception(
    "to_tensor",
    hint="The elements are taken in the order of the memory, which for a transposed or sliced array is not the "
    "order of its indices.",
)
def memory_order(right: Right, array: Values, device: str = "cpu") -> Any:
    return right(array.ravel(order="K").reshape(array.shape), device)


@misconception(
    "to_tensor",
    hint="The values are rescaled, as one does with pixels. The conversion is to keep the values.",
)
def scaled_like_pixels(right: Right, array: Values, device: str = "cpu") -> Any:
    return right(array, device) / 255


@misconception(
    "to_tensor",
    hint="The tensor requires a gradient. Data are no parameters: nothing is to be learned about them.",
)
def data_with_gradient(right: Right, array: Values, device: str = "cpu") -> Any:
    return right(array, device).requires_grad_()


@misconception(
    "to_tensor",
    hint="The tensor is moved to a GPU whatever `device` says. The caller chooses the device.",
)
def cuda_hard_coded(right: Right, array: Values, device: str = "cpu") -> Any:
    return right(array).cuda()


@misconception(
    "to_tensor",
    hint="`device` is taken for a text. It may be a torch.device as well; PyTorch's own functions take both.",
)
def device_as_text_only(right: Right, array: Values, device: str = "cpu") -> Any:
    return right(array, "cuda" if device.startswith("cuda") else "cpu")


@misconception(
    "to_numpy",
    hint="NumPy can't take a tensor that carries the record for backward(). Leave the record behind first.",
)
def not_detached(right: Right, tensor: Tensor) -> Values:
    return tensor.cpu().numpy()


@misconception(
    "to_numpy",
    hint="By way of a Python list the dtype is lost: NumPy chooses one anew. Tensors have a direct way to NumPy.",
)
def through_a_list(right: Right, tensor: Tensor) -> Values:
    return np.array(tensor.tolist())


@misconception(
    "to_numpy",
    hint="The values are converted to float32. The array is to have the tensor's own dtype.",
)
def always_float32(right: Right, tensor: Tensor) -> Values:
    return tensor.detach().cpu().float().numpy()


@misconception(
    "to_numpy",
    hint="The values are converted to float64, NumPy's usual dtype. The array is to have the tensor's own dtype.",
)
def always_float64(right: Right, tensor: Tensor) -> Values:
    return tensor.detach().cpu().double().numpy()


@misconception(
    "to_numpy",
    hint="What comes back is still a tensor: detaching and moving it to the CPU does not make it a NumPy array.",
)
def still_a_tensor(right: Right, tensor: Tensor) -> Tensor:
    return tensor.detach().cpu()


@misconception(
    "to_numpy",
    hint="What comes back is a Python list or number, not a NumPy array.",
)
def list_returned(right: Right, tensor: Tensor) -> Any:
    return tensor.detach().cpu().tolist()


@misconception(
    "to_numpy",
    hint="Dimensions are lost on the way: the array is to have the tensor's shape, sizes of 1 included.",
)
def array_squeezed(right: Right, tensor: Tensor) -> Any:
    return right(tensor).squeeze()


@misconception(
    "to_numpy",
    hint="The array is flattened: it is to have the tensor's shape.",
)
def array_flattened(right: Right, tensor: Tensor) -> Any:
    return right(tensor).ravel()
