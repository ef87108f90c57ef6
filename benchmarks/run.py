"""How long `grade run` takes for one submission, against importing torch and against pytest in one process.

    python benchmarks/run.py [--rounds N] [--write docs/performance.md]

In each round, in turn: a bare `import torch`; the same suite with the student's code in pytest's own process; `grade
run`.  The overhead is what `grade run` takes beyond a bare import and the student's own code.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUBMISSION = ROOT / "solutions" / "hw8" / "accepted" / "plain.py"
ASSIGNMENT = ROOT / "assignments" / "hw8"
ROWS = (
    "import torch",
    "the student's own code",
    "pytest in one process",
    "grade run",
    "overhead",
    "grade --help",
)


def timed(*command: str | Path) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, cwd=ROOT)
    return time.perf_counter() - started, done.stdout


def one_round() -> dict[str, float]:
    python = sys.executable
    bare, _ = timed(python, "-c", "import torch")
    plain, said = timed(python, "benchmarks/in_process.py", ASSIGNMENT, SUBMISSION)
    own = float(said.split()[0])
    walled, _ = timed(python, "-m", "grader.cli", "run", SUBMISSION, "-a", ASSIGNMENT, "--seed", "benchmark")
    quick, _ = timed(python, "-m", "grader.cli", "--help")
    return dict(zip(ROWS, (bare, own, plain, walled, walled - bare - own, quick), strict=True))


def table(rounds: Sequence[dict[str, float]]) -> str:
    lines = ["| seconds | median | least | greatest |", "| --- | --- | --- | --- |"]
    for row in ROWS:
        figures = [one[row] for one in rounds]
        lines.append(
            f"| {row} | {statistics.median(figures):.2f} | {min(figures):.2f} | {max(figures):.2f} |"
        )
    ratios = [one["grade run"] / one["pytest in one process"] for one in rounds]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    lines.append(
        f"\n`grade run` takes {statistics.median(ratios):.2f} times ({spread}) as long as pytest in one process."
    )
    return "\n".join(lines)


def write(file: Path, text: str) -> None:
    """Put the table between its markers."""
    begin, end = "<!-- run -->", "<!-- end of run -->"
    page = file.read_text(encoding="utf-8")
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    file.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--write", type=Path)
    chosen = options.parse_args()
    one_round()  # warms the page cache
    text = table([one_round() for _ in range(chosen.rounds)])
    sys.stdout.write(text + "\n")
    if chosen.write is not None:
        write(chosen.write, text)


if __name__ == "__main__":
    main()
