"""Public checks of part `cnn`."""

import numpy as np
import pytest

from grader.check.examples import agrees, numbers_agree, whole
from grader.examine.answer import Student

pytestmark = pytest.mark.stand_ins("Linear", "Conv2d", "ReLU", "MaxPool2d", "Flatten")

SHAPES = {
    "conv1.weight": (8, 1, 3, 3), "conv1.bias": (8,), "conv2.weight": (16, 8, 3, 3), "conv2.bias": (16,),
    "fc.weight": (10, 64), "fc.bias": (10,),
}  # fmt: skip


@pytest.mark.exercise("CNN")
def test_parameters(student: Student) -> None:
    """The network has exactly the six parameters of the table."""
    parameters = student.cnn_parameters("CNN()")["parameters"].mapping()
    for name, shape in SHAPES.items():
        parameters[name].parameter(shape)
    more = len(parameters.keys() - SHAPES.keys())
    assert more == 0, f"CNN() has {more} more parameters than the six of the table"


@pytest.mark.exercise("CNN")
def test_logits(student: Student) -> None:
    """With kernels that only copy or scale, the logits of images of four grey squares, by hand."""
    network = {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
    network["conv1.weight"][:, 0, 1, 1] = 1  # eight copies of the image
    factors = np.arange(1, 17) * np.tile([1, -1], 8)  # 1, -2, 3, -4, ...
    network["conv2.weight"][:, 0, 1, 1] = factors  # the first of them times these, plus 20
    network["conv2.bias"][:] = 20
    for digit in range(10):  # logit d is square d % 4 of channel d, plus 100 d
        network["fc.weight"][digit, 4 * digit + digit % 4] = 1
    network["fc.bias"][:] = 100 * np.arange(10)
    greys = np.array([[1, 2, -5, 4], [0, 3, 1, 2], [5, -1, -2, -3], [2, 2, 2, 2]], np.float32)
    images = np.kron(greys.reshape(4, 1, 2, 2), np.ones((4, 4), np.float32))
    answer = student.cnn_forward("CNN()(images) with images (4, 1, 8, 8)", network=network, images=images)
    bright = np.maximum(greys, 0)  # what ReLU leaves of each square
    digits = np.arange(10)
    channels = np.maximum(factors[digits] * bright[:, digits % 4] + 20, 0)
    agrees(answer["logits"], whole(channels + 100 * digits))


@pytest.mark.exercise("accuracy")
def test_accuracy(student: Student) -> None:
    """Of batches of 3 and 1, two samples of four are right: 0.5 as a Python float."""
    logits = [whole([[9, 1, 2], [1, 9, 2], [1, 2, 9]]), whole([[5, 6, 4]])]
    labels = [np.array([0, 0, 2]), np.array([2])]
    answer = student.share_right("accuracy(model, batches of 3 and 1)", logits=logits, labels=labels)
    numbers_agree(answer["accuracy"], [0.5])


@pytest.mark.exercise("accuracy")
def test_modes(student: Student) -> None:
    """The model is in evaluation mode meanwhile, and back in training mode afterwards."""
    answer = student.share_right(
        "accuracy(model, one batch)", logits=[whole([[1, 0, 0]])], labels=[np.array([0])]
    )
    assert answer["calls"].number() > 0, "accuracy did not call the model"
    assert answer["calls in training mode"].number() == 0, "accuracy called the model in training mode"
    assert answer["training afterwards"].flag(), "accuracy did not put the model back in training mode"


@pytest.mark.exercise("train_classifier")
@pytest.mark.time_limit(63)
def test_train_classifier(student: Student, draw: np.random.Generator) -> None:
    """Trained on 400 noisy stripes of four directions, it tells the directions of 100 others."""
    images, labels = stripes(draw, 500)
    called = "train_classifier on stripes"
    answer = student.classifier(called, images=images[:400], labels=labels[:400], others=images[400:])
    assert answer["is a CNN"].flag(), f"{called} did not return a CNN"
    share = float(np.mean(answer["answers"].tensor((100,), "int64") == labels[400:]))
    assert share >= 0.9, (
        f"{called}: it tells {share:.0%} of the directions; with a good training it is nearly all"
    )


def stripes(draw: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images `(count, 1, 8, 8)` in [0, 1]: stripes across, upright and along both diagonals, with noise."""
    row, column = np.mgrid[:8, :8]
    directions = np.stack([row, column, row + column, row - column])
    labels = draw.integers(0, 4, count)
    waves = np.sin(1.6 * directions[labels] + draw.uniform(0, 6, (count, 1, 1)))
    noisy = 0.5 + 0.35 * waves + draw.normal(0, 0.1, (count, 8, 8))
    return np.clip(noisy, 0, 1).astype(np.float32)[:, None], labels
