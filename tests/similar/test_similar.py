"""Copies are found whatever was done to hide them, honest work stays below, and nothing of a student's runs."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.similar import disguised
from grader.similar.marking import mark
from grader.similar.pages import index_page, pair_page
from grader.similar.ranking import LEAST_PRINTS, compare
from grader.similar.records import Comparison, Page, Pair, Print, Token, Work
from grader.similar.tokens import tokens_of
from grader.similar.winnow import GRAM, WINDOW, grams_of, print_of, winnowed

NAMES = frozenset(
    {"Linear", "Conv2d", "ReLU", "MaxPool2d", "Flatten", "CNN", "mse_loss", "train", "accuracy"}
)
ACCEPTED = sorted((Path(__file__).parents[2] / "solutions" / "hw8" / "accepted").glob("*.py"))
EVIL = '</span><script>alert(1)</script><img src=x onerror="alert(2)">'


def work(name: str, source: str) -> Work:
    return Work(id=name, pages=(Page(name=f"{name}.py", source=source),))


def printed(name: str, source: str, stub: str = "") -> Print:
    runs = frozenset(grams_of(tokens_of([Page(name="stub", source=stub)], NAMES)).tolist())
    return print_of(work(name, source), runs, NAMES)


def texts(source: str) -> list[str]:
    return [token.text for token in tokens_of([Page(name="m", source=source)], NAMES)]


@pytest.fixture(scope="module")
def honest() -> dict[str, str]:
    """Right solutions, each with an idea of its own."""
    return {file.stem: file.read_text(encoding="utf-8-sig") for file in ACCEPTED}


# ------------------------------------------------------------------------------------------ tokens


def test_names_comments_docstrings_and_layout_do_not_count() -> None:
    """What costs a copier nothing is the same."""
    one = 'def area(width, height):\n    """The area."""\n    return width * height  # simple\n'
    other = "def a(\n    x, y\n):\n    # quite another comment\n\n    return x * y\n"
    assert texts(one) == texts(other)


def test_what_libraries_are_called_counts() -> None:
    """Two ways to do it are two."""
    assert texts("y = torch.einsum(x)") != texts("y = torch.matmul(x)")
    assert texts("y = 1e-2, (x)") == texts("y = (0.01, x,)")
    assert "mse_loss" in texts("def mse_loss(p, t):\n    return p")


def test_what_is_no_python_counts_as_far_as_it_goes() -> None:
    """A page that does not parse is no way to hide."""
    assert texts("def f(a):\n    return a + (\n") == ["def", "own", "own", ":", "return", "own", "+"]
    assert len(texts("x = 1\n" * 100_000)) == 50_000
    assert texts("(" * 5000 + "a") in ([], ["own"])  # from 3.12 on Python's tokenizer goes down 200 deep


# ---------------------------------------------------------------------------------------- winnowing


@given(st.lists(st.sampled_from("abcdefgh"), max_size=40), st.integers(0, 2**32 - 1))
def test_twelve_tokens_in_common_share_a_fingerprint(before: list[str], seed: int) -> None:
    """The guarantee of winnowing, whatever stands before and behind."""
    passage = [str(value) for value in np.random.default_rng(seed).integers(0, 50, GRAM + WINDOW - 1)]
    chosen = []
    for words in ([*before, *passage, "end"], ["x", *passage, *before]):
        grams = grams_of([Token(text=text, page=0, line=0) for text in words])
        chosen.append(set(grams[winnowed(grams)].tolist()))
    assert chosen[0] & chosen[1]


def test_about_one_of_three_fingerprints_are_kept() -> None:
    """The density of winnowing is 2/(w + 1)."""
    grams = np.random.default_rng(1).integers(0, 2**63, 20_000).astype(np.uint64)
    assert len(winnowed(grams)) / 20_000 == pytest.approx(2 / (WINDOW + 1), rel=0.05)


# ------------------------------------------------------------------------------------------ ranking


@pytest.mark.parametrize("name", ["plain", "im2col", "typed", "fourier"])
def test_a_disguised_copy_is_on_top_of_honest_work(honest: dict[str, str], name: str) -> None:
    """Variables renamed, functions reordered, comments changed: above every two independent solutions."""
    copy = disguised(honest[name], NAMES, random.Random(1))
    found = compare([*(printed(*one) for one in honest.items()), printed("copy", copy)], 5)
    assert {found.pairs[0].first, found.pairs[0].second} == {name, "copy"}
    assert found.pairs[0].score > 0.75
    assert found.pairs[1].score < found.pairs[0].score - 0.2


def test_one_copied_function_is_noticed(honest: dict[str, str]) -> None:
    """A passage that only two have outweighs what the contract makes everybody write."""
    passage = honest["fourier"].split("class Conv2d")[1].split("\nclass ")[0]
    taken = honest["own_momentum"].split("class Conv2d")[0] + "class Conv2d" + passage
    before = compare([printed(*one) for one in honest.items()], 2000)
    after = compare([*(printed(*one) for one in honest.items()), printed("taker", taken)], 2000)
    rank = [{pair.first, pair.second} for pair in after.pairs].index({"fourier", "taker"})
    assert after.pairs[rank].rare >= 5
    assert after.pairs[rank].score > 3 * before.typical


def test_what_everybody_was_given_is_not_alike(honest: dict[str, str]) -> None:
    """The stub's own lines are left out: of a stub that nobody touched nothing is left to compare."""
    stub = honest["plain"]
    found = compare([printed("one", stub, stub), printed("two", stub, stub)], 5)
    assert found.pairs == ()
    assert found.too_little == ("one", "two")


def test_what_everybody_wrote_counts_next_to_nothing() -> None:
    """Thirty alike but for a passage of their own: the two with the same passage stand out."""
    common = "\n".join(
        f"def f{number}(a, b):\n    return torch.op{number}(a) + b * {number}" for number in range(20)
    )
    own = {
        f"s{student:02}": common
        + "".join(f"\nz = torch.way{student}_{line}(1, {line}) - {student}" for line in range(12))
        for student in range(30)
    }
    own["t"] = own["s07"]
    found = compare([printed(*one) for one in own.items()], 3)
    assert (found.pairs[0].first, found.pairs[0].second) == ("s07", "t")
    assert found.pairs[1].score < 0.3


def test_a_class_of_one_has_no_pairs() -> None:
    """Nor has an empty one."""
    assert compare([], 5).pairs == ()
    assert compare([printed("one", "x = 1\n" * LEAST_PRINTS)], 5).pairs == ()


# ------------------------------------------------------------------------------------------- pages


def test_passages_have_the_same_number_on_both_sides() -> None:
    """Reordered functions are two passages, each found where it went."""
    one = "def f(a):\n    return torch.exp(a) * 2 + torch.log(a) - 7\n\n\n"
    two = "class G:\n    def h(self, b):\n        return self.q(b)[0] / torch.sqrt(b).sum() ** 3\n"
    marks = mark(printed("a", one + two), printed("b", two + one))
    assert marks.passages == 2
    assert marks.first[0, 1] == marks.second[0, 4]
    assert marks.first[0, 6] == marks.second[0, 2]


def test_nothing_of_a_students_is_markup() -> None:
    """Names and code are escaped, and the page's policy forbids scripts anyway."""
    source = f"x = {EVIL!r}\n" + "y = torch.exp(x)\n" * 9
    name = f"<b>{EVIL}"
    works = {one: Work(id=one, pages=(Page(name=EVIL, source=source),)) for one in (name, "b")}
    prints = {one: print_of(each, frozenset(), NAMES) for one, each in works.items()}
    pair = Pair(first=name, second="b", score=1.0, shared=9, rare=9)
    listed = Comparison(pairs=(pair,), typical=0.1, compared=2, too_little=(name,))
    for page in (pair_page(pair, works, prints), index_page(listed, "hw8")):
        assert "<script" not in page
        assert "<img" not in page
        assert "default-src 'none'" in page.replace("&#x27;", "'")
        assert "A lead, not a verdict." in page
