"""Part `cnn`: the provided network."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import alphabet
import digits
import numpy as np
import oracles_cnn as oracles
import pytest
from inputs import Floats, normal
from numpy.typing import NDArray
from splits import Labels, Split
from tries import best_of_tries

from grader.examine.answer import Answer, Student
from grader.examine.tolerances import UNIT_ROUNDOFF, gamma

Credit = Callable[[float, str], None]
Exhibit = Callable[[str, dict[str, Any]], None]
Questions = Callable[[str], np.random.Generator]

EARLIER = ("Linear", "Conv2d", "ReLU", "MaxPool2d", "Flatten", "mse_loss", "sgd_step", "train", "to_tensor")
pytestmark = pytest.mark.stand_ins(*EARLIER)

TRAINING_SECONDS = 63  # 60 for `train_classifier`, the rest for asking and judging
SAFE_MARGIN = 1e-3  # from kinks and ties, where a gradient is asked for


@dataclass(frozen=True)
class Bars:
    """Accuracies: no points up to `none`, all from `full`, linear between."""

    none: float
    full: float


DIGITS = Bars(none=0.50, full=0.92)
ALPHABET = Bars(none=0.50, full=0.90)  # by measurement: docs/bars.md


# ------------------------------------------------------------------------------------------------ CNN


@pytest.mark.without_device
@pytest.mark.exercise("CNN")
@pytest.mark.points(1)
def test_parameters(student: Student) -> None:
    """The network has the six parameters of the handout, under these names, and no others."""
    parameters = student.cnn_parameters("CNN()")["parameters"].mapping()
    for name, shape in oracles.SHAPES.items():
        parameters[name].parameter(shape)
    more = len(parameters.keys() - oracles.SHAPES.keys())
    assert more == 0, f"CNN() has {more} more parameters than the six of the handout"


@pytest.mark.exercise("CNN")
@pytest.mark.points(2)
def test_logits(student: Student, draw: np.random.Generator) -> None:
    """With given weights, a batch of 5 images has the right logits."""
    network, images = drawn_network(draw), normal(draw, 5, 1, 8, 8)
    answer = student.cnn_forward("CNN()(images) with images (5, 1, 8, 8)", network=network, images=[images])
    assert_filled(answer)
    answer["logits 0"].matches(oracles.logits(network, images))


@pytest.mark.exercise("CNN")
@pytest.mark.points(1)
def test_one_image(student: Student, draw: np.random.Generator) -> None:
    """A batch may hold a single image."""
    network, images = drawn_network(draw), normal(draw, 1, 1, 8, 8)
    answer = student.cnn_forward("CNN()(images) with images (1, 1, 8, 8)", network=network, images=[images])
    assert_filled(answer)
    answer["logits 0"].matches(oracles.logits(network, images))


@pytest.mark.without_device
@pytest.mark.exercise("CNN")
@pytest.mark.points(0.5)
def test_evaluation_mode(student: Student, draw: np.random.Generator) -> None:
    """In evaluation mode, and without gradients, the logits are the same as in training."""
    network, images = drawn_network(draw), normal(draw, 4, 1, 8, 8)
    answer = student.cnn_evaluated("CNN().eval()(images)", network=network, images=images)
    assert_filled(answer)
    for name in ("logits in evaluation mode", "logits without gradients"):
        answer[name].matches(oracles.logits(network, images))


@pytest.mark.exercise("CNN")
@pytest.mark.points(0.5)
def test_calls_in_turn(student: Student, draw: np.random.Generator) -> None:
    """Calls in turn, with batches of other sizes and of the same, do not disturb each other."""
    network = oracles.magnitudes(drawn_network(draw))  # nothing cancels, so the bound is tight
    images = [np.abs(normal(draw, count, 1, 8, 8)) for count in (3, 6, 3)]
    answer = student.cnn_forward("CNN()(images), three times", network=network, images=images)
    assert_filled(answer)
    for turn, batch in enumerate(images):
        answer[f"logits {turn}"].matches(oracles.logits(network, batch))


@pytest.mark.exercise("CNN")
@pytest.mark.points(1)
def test_gradients(student: Student, draw: np.random.Generator) -> None:
    """The right gradient reaches each of the six parameters."""
    network, images = smooth_case(draw)
    upstream = normal(draw, len(images), 10)
    answer = student.cnn_backward(
        "the gradients of CNN()(images)", network=network, images=images, upstream=upstream
    )
    assert_filled(answer)
    gradients = answer["gradients"].mapping()
    for name, expected in oracles.gradients(network, images, upstream).items():
        gradients[name].matches(expected)


def drawn_network(draw: np.random.Generator) -> dict[str, Floats]:
    """Weights of a size that keeps all layers' outputs near 1, and biases that matter."""
    return {
        name: (normal(draw, *shape) * math.sqrt(2 / max(math.prod(shape[1:]), 4))).astype(np.float32)
        for name, shape in oracles.SHAPES.items()
    }


def smooth_case(draw: np.random.Generator) -> tuple[dict[str, Floats], Floats]:
    """A network and two images away from the kinks of ReLU and the ties of pooling."""
    while True:
        network, images = drawn_network(draw), normal(draw, 2, 1, 8, 8)
        if oracles.margin(network, images) > SAFE_MARGIN:
            return network, images


def assert_filled(answer: Answer) -> None:
    """Judge that the network took all the weights it was given."""
    unfilled = set(answer["unfilled"].texts())
    lacking = ", ".join(name for name in oracles.SHAPES if name in unfilled)
    assert not unfilled, f"CNN() has no parameter of the right name and shape for {lacking}"


# ------------------------------------------------------------------------------------------- accuracy


@pytest.mark.exercise("accuracy")
@pytest.mark.points(1)
def test_share_of_right_answers(student: Student, draw: np.random.Generator) -> None:
    """Over batches of unequal sizes, every sample counts the same; in [0, 1], as a Python float."""
    images, labels = marked_batches(draw, sizes=(9, 9, 4), right=(8, 5, 1))
    answer = student.accuracy("accuracy(model, batches of 9, 9 and 4)", images=images, labels=labels)
    assert_share(answer, 14 / 22, batches=3)


@pytest.mark.exercise("accuracy")
@pytest.mark.points(1)
def test_batches_from_a_generator(student: Student, draw: np.random.Generator) -> None:
    """The batches may come from a generator, and there may be three classes."""
    images, labels = marked_batches(draw, sizes=(6, 1, 5, 3), right=(2, 1, 5, 1), classes=3)
    answer = student.accuracy(
        "accuracy(model, a generator of 4 batches)", images=images, labels=labels, classes=3, generator=True
    )
    assert_share(answer, 9 / 15, batches=4)


COUNTED = (17, 13)
"""Sizes of the batches of which the share has to show how the model was called."""


@pytest.mark.exercise("accuracy")
@pytest.mark.points(1)
def test_modes(student: Student, draw: np.random.Generator) -> None:
    """The model is in evaluation mode meanwhile, and afterwards in whichever mode it was before."""
    right = drawn_counts(draw)
    images, labels = marked_batches(draw, COUNTED, right)
    given = {"images": images, "labels": labels, "tells": True}
    cases = [{**given, "training": training} for training in (True, False)]
    for case, answer in zip(cases, student.each("accuracy", "accuracy(model, batches)", cases), strict=True):
        assert answer["calls"].number() > 0, "accuracy did not call the model"
        assert answer["calls in training mode"].number() == 0, "accuracy called the model in training mode"
        before, after = (
            "training" if mode else "evaluation"
            for mode in (case["training"], answer["training afterwards"].flag())
        )
        assert before == after, f"accuracy left a model in {after} mode that was in {before} mode before"
        assert_tells_share(answer, right)


@pytest.mark.exercise("accuracy")
@pytest.mark.points(1)
def test_without_gradients(student: Student, draw: np.random.Generator) -> None:
    """The model is called without recording anything for gradients."""
    right = drawn_counts(draw)
    images, labels = marked_batches(draw, COUNTED, right)
    answer = student.accuracy("accuracy(model, batches)", images=images, labels=labels, tells=True)
    assert answer["calls"].number() > 0, "accuracy did not call the model"
    assert answer["calls with gradients"].number() == 0, "accuracy called the model with gradients enabled"
    assert_tells_share(answer, right)


def drawn_counts(draw: np.random.Generator) -> tuple[int, ...]:
    """How many of each counted batch are right: neither all nor none, and not the same in both."""
    first, second = draw.permutation(np.arange(2, min(COUNTED)))[:2]
    return int(first), int(second)


def assert_tells_share(answer: Answer, right: tuple[int, ...]) -> None:
    """Judge that the number was counted from answers that the model gives in evaluation mode without gradients: that it
    was called so, only the student's process knows.  Percent, a count and other averages are another test's."""
    actual = answer["accuracy"].number()
    share, mean = sum(right) / sum(COUNTED), float(np.mean(np.divide(right, COUNTED)))
    last, error = right[-1] / COUNTED[-1], 1 - share
    known = [share, mean, last, error, *(100 * one for one in (share, mean)), float(sum(right))]
    assert any(math.isclose(actual, one, rel_tol=1e-5) for one in known), (
        f"{answer.called} is {actual:.6g}, which no count of the model's right answers in evaluation mode gives"
    )


def marked_batches(
    draw: np.random.Generator, sizes: tuple[int, ...], right: tuple[int, ...], classes: int = 10
) -> tuple[list[Floats], list[Labels]]:
    """Batches of images whose first `classes` pixels are the logits.

    In batch i, `right[i]` images have their label's logit as the greatest, the others as the second greatest.
    No two logits of an image are equal.
    """
    images = [
        draw.permuted(np.linspace(-2, 2, 64, dtype=np.float32) + normal(draw, n, 1), axis=1) for n in sizes
    ]
    labels = []
    for batch, count in zip(images, right, strict=True):
        ranked = np.argsort(batch[:, :classes], axis=1)
        is_right = draw.permutation(len(batch)) < count
        labels.append(np.where(is_right, ranked[:, -1], ranked[:, -2]).astype(np.int64))
    return [batch.reshape(-1, 1, 8, 8) for batch in images], labels


def assert_share(answer: Answer, share: float, batches: int) -> None:
    """Judge the share, allowing for float32 arithmetic on one number a batch."""
    actual = answer["accuracy"].number()
    allowed = gamma(2 * batches + 2, UNIT_ROUNDOFF["float32"])
    assert abs(actual - share) <= allowed, (
        f"{answer.called} is {actual:.6g}, which is not the share of right answers"
    )


# ----------------------------------------------------------------------------------- train_classifier


@pytest.fixture(scope="session")
def fresh_digits(questions: Questions) -> digits.RelabelledDigits:
    """The split of the digits that the whole class is asked to learn."""
    return digits.fresh_split(questions("digits"))


@pytest.fixture(scope="session")
def fresh_alphabet(questions: Questions) -> Split:
    """The alphabet that the whole class is asked to learn."""
    return alphabet.fresh_split(questions("alphabet"))


@pytest.mark.exercise("train_classifier")
@pytest.mark.stand_ins("accuracy")
@pytest.mark.time_limit(TRAINING_SECONDS)
@pytest.mark.points(4)
def test_digits(student: Student, draw: np.random.Generator, credit: Credit, exhibit: Exhibit) -> None:
    """Trained on 1,200 handwritten digits with relabelled classes, it recognises others.

    Where that falls short of full marks it is trained again, on a further split, a few times: the best counts.
    """
    best, made = best_of_tries(lambda: digits_learned(student, draw), DIGITS.full, TRAINING_SECONDS)
    split, meaning = best.fresh.split, best.fresh.digits
    true, predicted = meaning(split.held_labels), meaning(best.predicted)
    show_classes(exhibit, true, predicted, "digit")
    show_mistakes(exhibit, split, true, predicted)
    what = "unseen digits" if made == 1 else f"unseen digits, the best of {made} trainings on as many splits"
    give_credit(credit, exhibit, DIGITS, what, best.network, split, best.predicted)


@pytest.mark.exercise("train_classifier")
@pytest.mark.stand_ins("accuracy")
@pytest.mark.time_limit(TRAINING_SECONDS)
@pytest.mark.points(4)
def test_alphabet(
    student: Student, fresh_alphabet: Split, draw: np.random.Generator, credit: Credit, exhibit: Exhibit
) -> None:
    """Trained on an alphabet that nobody has seen before, it recognises other samples of it."""
    split = fresh_alphabet
    seed = int(draw.integers(2**31))
    network = trained(student, split, "train_classifier on a fresh alphabet", seed)
    predicted = oracles.predictions(network, split.held_images)
    show_classes(exhibit, split.held_labels, predicted, "glyph")
    give_credit(credit, exhibit, ALPHABET, "unseen samples of a fresh alphabet", network, split, predicted)


@dataclass(frozen=True)
class Learned:
    """What one training on digits came to."""

    fresh: digits.RelabelledDigits
    network: oracles.Network
    predicted: Labels

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.predicted == self.fresh.split.held_labels))


def digits_learned(student: Student, draw: np.random.Generator) -> Learned:
    """One training, on a split of its own."""
    fresh, seed = digits.fresh_split(draw), int(draw.integers(2**31))
    network = trained(student, fresh.split, "train_classifier on digits", seed)
    return Learned(fresh, network, oracles.predictions(network, fresh.split.held_images))


def trained(student: Student, split: Split, called: str, seed: int) -> oracles.Network:
    """The weights that the student's training gives: finite, and of the given CNN's shapes."""
    answer = student.train_classifier(called, images=split.images, labels=split.labels, seed=seed)
    assert answer["is a CNN"].flag(), f"{called} did not return a CNN"
    parameters = answer["parameters"].mapping()
    network = {name: parameters[name].tensor(shape) for name, shape in oracles.SHAPES.items()}
    finite = all(np.isfinite(values).all() for values in network.values())
    assert finite, f"{called}: the network's parameters are not all finite, training diverged"
    return network


TURNS: dict[str, Callable[[Floats], Floats]] = {
    "transposed": lambda images: images.swapaxes(2, 3),
    "mirrored": lambda images: images[:, :, :, ::-1],
    "upside down": lambda images: images[:, :, ::-1],
}
"""Ways to look at square images, (N, 1, H, H), that a network may have been trained in instead."""

KNOWN = 0.8
"""Accuracy from which a network is taken to know the images that it is asked of."""


def how_it_went(network: oracles.Network, split: Split, predicted: Labels) -> str:
    """What a poor accuracy comes from, told from the predictions and the accuracy on the training images."""
    commonest = np.bincount(predicted, minlength=1).max() / len(predicted)
    if commonest > 0.9:
        return "nothing was learned: nearly all its answers are the same class"
    answers = oracles.predictions(network, split.images)
    trained_share = float(np.mean(answers == split.labels))
    reached = f"on the images that it was trained on it reaches {trained_share:.3f}"
    if trained_share < KNOWN and (otherwise := known_otherwise(network, split, answers)):
        return f"{reached}, {otherwise}"
    if trained_share < 0.2:
        return "nothing was learned: on the images that it was trained on it is no better than guessing"
    if trained_share < 0.97:
        return f"{reached}: it is not fully trained"
    return f"{reached}: it knows them by heart"


def known_otherwise(network: oracles.Network, split: Split, answers: Labels) -> str:
    """Where what it learned is there but turned or renumbered, how; else ""."""
    names = np.array([np.bincount(answers[split.labels == k], minlength=1).argmax() for k in range(10)])
    if len(set(names)) == 10 and np.mean(answers == names[split.labels]) > KNOWN:
        return "and tells the classes apart, but under other numbers than theirs"
    for how, turned in TURNS.items():
        share = float(np.mean(oracles.predictions(network, turned(split.images)) == split.labels))
        if share > KNOWN:
            return f"and {share:.3f} where they are {how}"
    return ""


def give_credit(
    credit: Credit,
    exhibit: Exhibit,
    bars: Bars,
    what: str,
    network: oracles.Network,
    split: Split,
    predicted: Labels,
) -> None:
    """Points between the bars, and the accuracy for the feedback page; how it went where points are lost."""
    share = float(np.mean(predicted == split.held_labels))
    exhibit("accuracy", {"of": what, "accuracy": share, "none": bars.none, "full": bars.full})
    told = f"accuracy {share:.3f} on {what}; full marks from {bars.full:.2f}, none below {bars.none:.2f}"
    if share < bars.full:
        told = f"{told}; {how_it_went(network, split, predicted)}"
    credit((share - bars.none) / (bars.full - bars.none), told)


def show_classes(exhibit: Exhibit, true: Labels, predicted: Labels, what: str) -> None:
    """How often each class was taken for each other, and the accuracy class by class."""
    counts = np.zeros((10, 10), np.int64)
    np.add.at(counts, (true, predicted), 1)
    shares = np.diag(counts) / np.maximum(counts.sum(axis=1), 1)
    exhibit("confusion", {"of": what, "counts": counts.tolist()})
    exhibit("class_accuracy", {"of": what, "accuracy": shares.tolist()})


def show_mistakes(
    exhibit: Exhibit, split: Split, true: NDArray[np.int64], predicted: NDArray[np.int64], most: int = 12
) -> None:
    """The first few digits that were taken for another one; their labels are published."""
    wrong = np.flatnonzero(true != predicted)[:most]
    exhibit(
        "mistaken_images",
        {
            "images": split.held_images[wrong, 0].tolist(),
            "true": true[wrong].tolist(),
            "predicted": predicted[wrong].tolist(),
        },
    )
