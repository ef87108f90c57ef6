"""Wrong ways to assemble the network."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, dropout, leaky_relu, one_hot

from grader.sandbox.misconception import changed, misconception

Right = Callable[..., Any]
Layer = Any


# before a softmax at the end of everything: in evaluation mode the two look the same
@misconception(
    "CNN.forward",
    aspect="mode",
    hint="In evaluation mode the outputs are probabilities. The logits are asked for in either mode: whoever wants "
    "probabilities, or the class, can take them from there.",
)
def softmax_in_evaluation(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, x) if self.training else right(self, x).softmax(dim=1)


@misconception(
    "CNN.forward",
    aspect="mode",
    hint="In evaluation mode the classes come back. The logits are asked for in either mode.",
)
def classes_in_evaluation(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, x) if self.training else right(self, x).argmax(dim=1)


@misconception(
    "CNN.forward",
    aspect="output",
    hint="The outputs are probabilities: a softmax is at the end. The logits are asked for; the loss function takes "
    "care of the rest.",
)
def softmax_at_the_end(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, x).softmax(dim=1)


@misconception(
    "CNN.forward",
    aspect="output",
    hint="The outputs are logarithms of probabilities: a log-softmax is at the end. The logits are asked for.",
)
def log_softmax_at_the_end(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, x).log_softmax(dim=1)


@misconception(
    "CNN.forward",
    aspect="output",
    hint="A ReLU is at the end: no logit is negative. The last layer has no activation.",
)
def relu_at_the_end(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, x).clamp(min=0)


@misconception(
    "CNN.forward",
    aspect="output",
    hint="The classes come back, not the logits. argmax has no gradient, so nothing can be learned through it.",
)
def classes_returned(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, x).argmax(dim=1)


@misconception(
    "CNN.forward",
    aspect="output",
    hint="Dimensions of size 1 are squeezed away. A batch of one image is still a batch.",
)
def logits_squeezed(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, x).squeeze()


@misconception(
    "CNN.forward",
    hint="There is no activation between the layers. Without one, layers in a row can do no more than a single one.",
)
def no_activation(right: Right, self: Layer, x: Tensor) -> Any:
    x = pooled(self.conv2(pooled(self.conv1(x))))
    return self.fc(x.flatten(1))


def pooled(x: Tensor) -> Tensor:
    """The greatest of each 2 x 2 window."""
    return x.unfold(2, 2, 2).unfold(3, 2, 2).amax(dim=(-2, -1))


@misconception(
    "CNN.forward",
    hint="The ReLU after the first convolution is missing.",
)
def first_relu_missing(right: Right, self: Layer, x: Tensor) -> Any:
    x = pooled(self.conv2(pooled(self.conv1(x))).clamp(min=0))
    return self.fc(x.flatten(1))


@misconception(
    "CNN.forward",
    hint="The ReLU after the second convolution is missing.",
)
def second_relu_missing(right: Right, self: Layer, x: Tensor) -> Any:
    x = pooled(self.conv2(pooled(self.conv1(x)).clamp(min=0)))
    return self.fc(x.flatten(1))


@misconception(
    "CNN.forward",
    hint="The activation is the sigmoid or tanh. The table asks for ReLU.",
)
def tanh_for_relu(right: Right, self: Layer, x: Tensor) -> Any:
    x = pooled(torch.tanh(self.conv2(pooled(torch.tanh(self.conv1(x))))))
    return self.fc(x.flatten(1))


@misconception(
    "CNN.forward",
    hint="The pooling takes the mean of each window. The table asks for max pooling.",
)
def average_pooled(right: Right, self: Layer, x: Tensor) -> Any:
    x = self.conv1(x).clamp(min=0).unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).mean(dim=(3, 5))
    x = self.conv2(x).clamp(min=0).unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).mean(dim=(3, 5))
    return self.fc(x.flatten(1))


@misconception(
    "CNN.forward",
    hint="The pooling after the second convolution is missing, so the last layer gets more features than it has "
    "inputs.",
)
def second_pooling_missing(right: Right, self: Layer, x: Tensor) -> Any:
    x = pooled(self.conv1(x).clamp(min=0))
    return self.fc(self.conv2(x).clamp(min=0).flatten(1))


@misconception(
    "CNN.forward",
    hint="The features reach the last layer in another order: channels, rows, columns is the order of flattening.",
)
def features_reordered(right: Right, self: Layer, x: Tensor) -> Any:
    weight = self.fc.weight.unflatten(1, (2, 2, 16)).permute(0, 3, 1, 2).flatten(1)
    return right(changed(self, _modules={**self._modules, "fc": changed(self.fc, weight=weight)}), x)


@misconception(
    "CNN.forward",
    aspect="input",
    hint="The images are standardised before they go in. The network takes them as they are.",
)
def images_standardised(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, (x - x.mean()) / (x.std() + 1e-8))


@misconception(
    "CNN.forward",
    aspect="input",
    hint="The images are scaled before they go in. The network takes the images as they are.",
)
def images_scaled(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, x / 16)


@misconception(
    "CNN.forward",
    aspect="input",
    hint="Some features are dropped at random. The table has no dropout.",
)
def dropout_added(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, dropout(x, 0.2, self.training))


@misconception(
    "CNN.forward",
    aspect="gradient",
    hint="The output does not require a gradient: .data, .detach() or torch.no_grad() cuts the record, so the network "
    "can't learn.",
)
def network_detached(right: Right, self: Layer, x: Tensor) -> Any:
    return right(self, x).detach()


@misconception(
    "CNN.__init__",
    hint="The layers are kept in a Python list, where the module does not find their parameters. Make them attributes, "
    "under the names of the table.",
)
def layers_in_a_list(right: Right, self: Layer) -> None:
    right(self)
    layers = [self.conv1, self.conv2, self.fc]
    del self.conv1, self.conv2, self.fc
    object.__setattr__(self, "conv1", layers[0])
    object.__setattr__(self, "conv2", layers[1])
    object.__setattr__(self, "fc", layers[2])


@misconception(
    "CNN.__init__",
    hint="`super().__init__()` is not called first: a module can't register layers before it is set up.",
)
def super_forgotten(right: Right, self: Layer) -> None:
    self.conv1 = nn.Identity()


@misconception(
    "CNN.__init__",
    hint="The layers have other names than those of the table. The names are how weights are found.",
)
def other_names(right: Right, self: Layer) -> None:
    right(self)
    modules = self._modules
    self._modules = {{"fc": "linear"}.get(name, name): layer for name, layer in modules.items()}
    object.__setattr__(self, "fc", modules["fc"])


@misconception(
    "CNN.__init__",
    hint="The convolutions do not pad, so the images shrink and the last layer gets fewer features than it has inputs.",
)
def convolutions_without_padding(right: Right, self: Layer) -> None:
    right(self)
    self.conv1 = type(self.conv1)(1, 8, 3)
    self.conv2 = type(self.conv2)(8, 16, 3)


@misconception(
    "CNN.__init__",
    hint="The convolutions have larger kernels than the table's 3 x 3.",
)
def larger_kernels(right: Right, self: Layer) -> None:
    right(self)
    self.conv1 = type(self.conv1)(1, 8, 5, padding=2)
    self.conv2 = type(self.conv2)(8, 16, 5, padding=2)


@misconception(
    "CNN.__init__",
    hint="The convolutions have other numbers of channels than the table's 8 and 16.",
)
def more_channels(right: Right, self: Layer) -> None:
    right(self)
    self.conv1 = type(self.conv1)(1, 16, 3, padding=1)
    self.conv2 = type(self.conv2)(16, 32, 3, padding=1)
    self.fc = type(self.fc)(128, 10)


@misconception(
    "CNN.__init__",
    hint="There is a layer more than in the table.",
)
def one_layer_more(right: Right, self: Layer) -> None:
    right(self)
    self.hidden = type(self.fc)(64, 64)


@misconception(
    "CNN.__init__",
    hint="The last layer has the wrong number of inputs: follow the shapes, 16 channels of 2 x 2 pixels are left.",
)
def wrong_number_of_features(right: Right, self: Layer) -> None:
    right(self)
    self.fc = type(self.fc)(256, 10)


@misconception(
    "CNN.forward",
    aspect="input",
    hint="The features are normalised over the batch. The table has no batch normalisation.",
)
def batch_normalised(right: Right, self: Layer, x: Tensor) -> Any:

    return right(self, batch_norm(x, None, None, training=True))


@misconception(
    "CNN.forward",
    hint="The activation lets a part of the negative numbers through, as the leaky ReLU does. The table asks "
    "for ReLU.",
)
def leaky_network(right: Right, self: Layer, x: Tensor) -> Any:

    x = pooled(leaky_relu(self.conv2(pooled(leaky_relu(self.conv1(x))))))
    return self.fc(x.flatten(1))


@misconception(
    "CNN.forward",
    hint="The activation is the sigmoid. The table asks for ReLU.",
)
def sigmoid_for_relu(right: Right, self: Layer, x: Tensor) -> Any:

    x = pooled(torch.sigmoid(self.conv2(pooled(torch.sigmoid(self.conv1(x))))))
    return self.fc(x.flatten(1))


@misconception(
    "CNN.forward",
    aspect="input",
    hint="The images become black and white before they go in. The network takes them as they are.",
)
def images_binarised(right: Right, self: Layer, x: Tensor) -> Any:

    return right(self, (x > 0.5).to(x.dtype))


@misconception(
    "CNN.forward",
    hint="The best class has a 1 and the others have a 0. The logits are asked for.",
)
def best_class_marked(right: Right, self: Layer, x: Tensor) -> Any:

    logits = right(self, x)
    return one_hot(logits.argmax(dim=1), 10).to(logits.dtype)


@misconception(
    "CNN.forward",
    hint="The whole batch becomes one vector. Each image is to keep a row of its own.",
)
def whole_batch_flattened(right: Right, self: Layer, x: Tensor) -> Any:

    x = pooled(self.conv1(x).clamp(min=0))
    return self.fc(pooled(self.conv2(x).clamp(min=0)).reshape(1, -1))
