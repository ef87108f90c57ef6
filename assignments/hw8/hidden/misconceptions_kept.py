"""What a layer wrongly keeps from its first call."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from grader.sandbox.misconception import misconception

Right = Callable[..., Tensor]
Layer = Any


@misconception(
    "ReLU.forward",
    hint="Which elements are positive is kept from an earlier call. Each call looks at its own input.",
)
def signs_kept(right: Right, self: Layer, x: Tensor) -> Any:

    kept = self.__dict__.setdefault("kept", {})
    return x * kept.setdefault(x.shape, x.detach() > 0)


@misconception(
    "MaxPool2d.forward",
    hint="Where the greatest values are is kept from an earlier call. Each call looks at its own input.",
)
def places_kept(right: Right, self: Layer, x: Tensor) -> Any:

    k, s = self.kernel_size, self.stride
    windows = x.unfold(2, k, s).unfold(3, k, s).flatten(4)
    kept = self.__dict__.setdefault("kept", {})
    places = kept.setdefault(x.shape, windows.detach().argmax(dim=-1, keepdim=True))
    return windows.gather(-1, places).squeeze(-1)


@misconception(
    "Flatten.forward",
    hint="The number of features is kept from the first call. Another input may have another number.",
)
def features_kept(right: Right, self: Layer, x: Tensor) -> Any:

    features = self.__dict__.setdefault("features", x[0].numel())
    return x.reshape(-1, features)


@misconception(
    "Conv2d.forward",
    hint="The output's size, or where the windows are, is kept from the first call. Another input may have "
    "another size.",
)
def sizes_kept(right: Right, self: Layer, x: Tensor) -> Any:

    y = right(self, x)
    rows, columns = self.__dict__.setdefault("size", y.shape[2:])
    return y[:, :, :rows, :columns]


@misconception(
    "CNN.forward",
    hint="The logits are kept from an earlier call with a batch of the same size. Each call looks at its own "
    "images.",
)
def logits_kept(right: Right, self: Layer, x: Tensor) -> Any:

    kept = self.__dict__.setdefault("kept", {})
    if x.shape not in kept:
        kept[x.shape] = right(self, x)
    return kept[x.shape]
