"""Make the README's picture of real output: grade a sample submission and save what the terminal shows as SVG."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from grader.assignment import find_assignment
from grader.pipeline import grade_one
from grader.report.terminal import show

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    assignment = find_assignment(str(ROOT / "assignments" / "hw8"))
    submission = ROOT / "solutions" / "hw8" / "sample_class" / "blaise.py"
    result = grade_one(submission, assignment, seed="picture")
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=110, file=nowhere, force_terminal=True)
        show(console, result, {part.name: part.title for part in assignment.parts})
    target = ROOT / "docs" / "images" / "run.svg"
    target.parent.mkdir(exist_ok=True)
    console.save_svg(str(target), title=f"grade run {submission.name} -a {assignment.name}")
    sys.stdout.write(f"{target.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
