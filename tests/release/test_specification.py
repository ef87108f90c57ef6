"""The handout's assignment.toml: what the public checks need to know, and nothing that only the staff should."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from grader.check.handout import load_checks
from grader.release.handout import handout
from grader.release.specification import public_specification

ROOT = Path(__file__).parents[2]
HW8 = ROOT / "assignments" / "hw8"

FULL = {
    "name": "hw1", "title": "Squares", "solution": "../../solutions/hw1", "packages": ["tqdm"],
    "void": [{"test": "square::test_secret", "why": "ambiguous"}], "later": {"secret": 1},
    "limits": {"test_seconds": 2.5, "processes": 8},
    "parts": [
        {
            "name": "square", "points": 3, "exercises": ["square"], "secret": "hidden",
            "forbidden": [{"names": ["torch.*"], "operations": ["aten::*"], "instead": 'a "product"', "why": "x"}],
        }
    ],
}  # fmt: skip


def test_only_what_is_named_is_handed_out() -> None:
    """A key that an assignment.toml gets one day stays with the staff until somebody names it here."""
    told = tomllib.loads(public_specification(FULL))
    assert told.keys() == {"name", "title", "packages", "limits", "parts"}
    assert told["parts"][0].keys() == {"name", "points", "exercises", "forbidden"}
    assert told["parts"][0]["forbidden"][0].keys() == {"names", "operations", "instead"}
    assert "secret" not in public_specification(FULL)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=50))
def test_every_text_comes_back(title: str) -> None:
    """What JSON escapes TOML reads as the same."""
    assert tomllib.loads(public_specification({"name": "x", "title": title}))["title"] == title


def test_hw8s_is_what_its_assignment_says(tmp_path: Path) -> None:
    """`grade check` forbids and limits what the grading does."""
    files = handout(HW8, ROOT / "solutions" / "hw8", ROOT / "student_template")
    (tmp_path / "public").mkdir()
    (tmp_path / "assignment.toml").write_bytes(files[Path("assignment.toml")])
    mine, its = load_checks(tmp_path).spec, load_checks(HW8).spec
    assert (mine.parts, mine.limits, mine.packages, mine.title) == (
        its.parts, its.limits, its.packages, its.title,
    )  # fmt: skip
    assert mine.solution is None
