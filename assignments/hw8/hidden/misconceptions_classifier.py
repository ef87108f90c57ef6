"""Wrong ways to train the network."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softmax

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]
Loss = Callable[[Tensor, Tensor], Tensor]


def trained(
    model: nn.Module, images: Tensor, labels: Tensor, loss_fn: Loss, *, lr: float = 3e-3, epochs: int = 12
) -> nn.Module:
    """Train the network for a short time, on batches of 64."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(epochs):
        for chosen in torch.split(torch.randperm(len(images)), 64):
            optimizer.zero_grad()
            loss_fn(model(images[chosen]), labels[chosen]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return model


def fresh(right: Right, images: Tensor, labels: Tensor) -> nn.Module:
    """A network as it comes, made by training on nothing but one image for no time to speak of."""
    model: nn.Module = right(images[:1], labels[:1])
    for module in model.modules():
        weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
        if isinstance(weight, Tensor) and isinstance(bias, Tensor):
            bound = weight[0].numel() ** -0.5
            nn.init.uniform_(weight, -bound, bound)
            nn.init.uniform_(bias, -bound, bound)
    return model


@misconception(
    "train_classifier",
    says="nothing was learned",
    hint="The network comes back as it was made: nothing has been learned. Does the optimizer hold this network's "
    "parameters, and is a step taken after each backward()?",
)
def untrained(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> nn.Module:
    return fresh(right, images, labels)


@misconception(
    "train_classifier",
    says="nothing was learned",
    hint="The network gives nearly always the same class.",
)
def one_class_learned(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> nn.Module:
    return trained(fresh(right, images, labels), images, torch.zeros_like(labels), cross_entropy, epochs=2)


@misconception(
    "train_classifier",
    says="nothing was learned",
    hint="Images and labels are shuffled separately, so that they no longer belong together.",
)
def labels_shuffled_apart(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> nn.Module:
    shuffled = labels[torch.randperm(len(labels))]
    return trained(fresh(right, images, labels), images, shuffled, cross_entropy, epochs=3)


@misconception(
    "train_classifier",
    says="not fully trained",
    hint="The network has seen too few of the training images.",
)
def first_images_only(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> nn.Module:
    return trained(fresh(right, images, labels), images[:48], labels[:48], cross_entropy, epochs=100)


@misconception(
    "train_classifier",
    says="not all finite",
    hint="The training has diverged: the learning rate is far too large.",
)
def diverged(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> nn.Module:
    model = fresh(right, images, labels)
    for p in model.parameters():
        p.data *= torch.nan
    return model


@misconception(
    "train_classifier",
    says="not fully trained",
    hint="The learning rate is too small, or the epochs are too few: the loss has only begun to fall.",
)
def hardly_trained(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> nn.Module:
    return trained(fresh(right, images, labels), images, labels, cross_entropy, lr=1e-3, epochs=2)


@misconception(
    "train_classifier",
    says="not fully trained",
    hint="A softmax comes before the cross-entropy, which has one inside already: the gradients become tiny.",
)
def softmax_before_the_loss(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> nn.Module:
    def loss(logits: Tensor, wanted: Tensor) -> Tensor:
        return cross_entropy(softmax(logits, dim=1), wanted)

    return trained(fresh(right, images, labels), images, labels, loss, lr=2e-3, epochs=5)


@misconception(
    "train_classifier",
    says="where they are transposed",
    hint="The network is trained on images that are turned or scaled otherwise than those that it will see.",
)
def trained_on_transposed_images(
    right: Right, images: Tensor, labels: Tensor, device: str = "cpu"
) -> nn.Module:
    turned = images.transpose(2, 3)
    return trained(fresh(right, images, labels), turned, labels, cross_entropy)


@misconception(
    "train_classifier",
    says="did not return a CNN",
    hint="More than the network comes back: it alone is asked for.",
)
def losses_returned_too(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> Any:
    return fresh(right, images, labels), [0.0]


@misconception(
    "train_classifier",
    says="did not return a CNN",
    hint="The weights come back, not the network: state_dict() is not asked for.",
)
def weights_returned(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> Any:
    return fresh(right, images, labels).state_dict()


@misconception(
    "train_classifier",
    says="under other numbers",
    hint="The labels are off by one: the network learns each class under the next one's number.",
)
def labels_off_by_one(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> Any:

    return trained(fresh(right, images, labels), images, (labels + 1) % 10, cross_entropy)


@misconception(
    "train_classifier",
    says="nothing was learned",
    hint="Another network than the trained one is returned.",
)
def another_network_returned(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> Any:

    trained(fresh(right, images, labels), images, labels, cross_entropy, epochs=1)
    return fresh(right, images, labels)


@misconception(
    "train_classifier",
    says="it is not fully trained",
    hint="The images become integers, of which nearly all are 0: nothing is left to learn from.",
)
def images_as_integers(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> Any:

    return trained(fresh(right, images, labels), images.long().float(), labels, cross_entropy)


@misconception(
    "train_classifier",
    says="nothing was learned",
    hint="The classes are learned one after the other, and each makes the network forget the last. Shuffle the "
    "samples.",
)
def class_after_class(right: Right, images: Tensor, labels: Tensor, device: str = "cpu") -> Any:

    model = fresh(right, images, labels)
    for k in range(10):
        trained(model, images[labels == k], labels[labels == k], cross_entropy, epochs=2)
    return model
