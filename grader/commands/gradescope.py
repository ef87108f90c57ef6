"""`grade gradescope-zip`, and `grade gradescope-run`, which the zip's `run_autograder` calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.commands.exporting import Seen
from grader.errors import GraderError, UsageError


def gradescope_zip(
    assignment: Annotated[str, typer.Argument(help="The assignment: its name, or its folder's path.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the zip.")] = Path(
        "autograder.zip"
    ),
    visibility: Annotated[Seen, typer.Option("--visibility", help="Who sees the tests when.")] = Seen.VISIBLE,
    seed: Annotated[
        str | None,
        typer.Option("--seed", help="The questions' seed; drawn from the assignment's content else."),
    ] = None,
    pip: Annotated[
        str, typer.Option("--pip", help="Further arguments for pip there: another index, constraints.")
    ] = "",
) -> None:
    """Build an autograder to upload to Gradescope: the same suite, the strictest sandbox that its container gives."""
    from grader.assignment import find_assignment
    from grader.exchange.gradescope_zip import build_zip

    content = build_zip(find_assignment(assignment), visibility=visibility.value, seed=seed, pip=pip)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{out}: can't be written: {error.strerror}.") from None
    typer.echo(f"{out}: {len(content) / 2**20:.1f} MB, to be uploaded as the assignment's autograder.")


def gradescope_run(
    root: Annotated[Path, typer.Argument(help="Where source, submission and results are.")] = Path(
        "/autograder"
    ),
) -> None:
    """Grade root/submission into root/results/results.json.  Where there is no wall, or a test could not be checked,
    no result is written: Gradescope then tells the staff, and no student gets a zero for it."""
    import msgspec

    from grader.assignment import load_assignment
    from grader.exchange.gradescope import results_json
    from grader.exchange.gradescope_zip import SETTINGS, Settings
    from grader.pipeline import grade_one
    from grader.sandbox.tiers import tier_of
    from grader.score.policy import settle
    from grader.score.rules import Policy

    source = root / "source"
    settings = msgspec.json.decode((source / SETTINGS).read_bytes(), type=Settings)
    assignment = load_assignment(source / settings.assignment)
    tier = tier_of("strict")  # or the second tier where there are no namespaces; never none
    result = settle(
        grade_one(root / "submission", assignment, seed=settings.seed, sandbox=tier),
        Policy(void=assignment.spec.void),  # lateness is Gradescope's to judge
    )
    if result.score is None:
        raise GraderError("Some tests could not be checked: no result is written. Run the autograder again.")
    results = root / "results"
    results.mkdir(exist_ok=True)
    notes = (f"Graded behind the sandbox's tier {result.run.sandbox!r}.",)
    (results / "results.json").write_bytes(results_json(result, settings.visibility, notes))
