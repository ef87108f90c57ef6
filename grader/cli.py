"""The commands.  The only module that prints, and the one that turns errors into exit statuses.

Exit status: 0 every submission has a result, 1 the grader itself failed on some, 2 wrong usage, 130 interrupted.
Everything heavy is imported by the command that needs it: `grade --help` imports neither torch nor pytest.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from grader.errors import GraderError, UsageError

app = typer.Typer(
    help="Grade deep-learning homework in PyTorch, with scores that cannot be forged.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AssignmentOption = Annotated[
    str, typer.Option("--assignment", "-a", help="The assignment: its name, or its folder's path.")
]
SandboxOption = Annotated[
    str,
    typer.Option("--sandbox", help="strict, or process: your own code on your own machine, no protection."),
]
SeedOption = Annotated[
    str | None, typer.Option("--seed", help="Ask the same questions as a run with this seed.")
]


@app.command()
def run(
    submission: Annotated[Path, typer.Argument(help="A module, a notebook, a folder or a zip file.")],
    assignment: AssignmentOption,
    json: Annotated[Path | None, typer.Option("--json", help="Write the result here too, as JSON.")] = None,
    seed: SeedOption = None,
    sandbox: SandboxOption = "strict",
) -> None:
    """Grade one submission and print the result."""
    from grader.assignment import find_assignment
    from grader.pipeline import grade_one

    chosen = find_assignment(assignment)
    if sandbox == "process":
        say("Note: --sandbox process protects nobody; grade others' work with --sandbox strict.")
    result = grade_one(submission, chosen, seed=seed, sandbox=sandbox)
    if json is not None:
        write(json, encode(result))
    from rich.console import Console

    from grader.report.terminal import show

    show(Console(), result, {part.name: part.title for part in chosen.parts})
    if result.score is None:
        raise GraderError("Some tests could not be checked; their points are withheld, not lost.")


@app.command()
def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Only say what is there; try nothing.")] = False,
) -> None:
    """Say what this machine can do, and try every promise of the sandbox on it."""
    import tempfile

    from rich.console import Console

    from grader.report.diagnosis import show_facts, show_finding
    from grader.sandbox.client import Zygote
    from grader.sandbox.conformance import run_all
    from grader.sandbox.conformance.trial import PROBE
    from grader.sandbox.diagnosis import facts

    console = Console()
    found = list(facts())
    show_facts(console, found)
    if quick:
        return
    zygote = Zygote([PROBE])
    try:
        with tempfile.TemporaryDirectory() as folder:
            findings = [show_finding(console, finding) for finding in run_all(zygote, Path(folder))]
    finally:
        zygote.close()
    broken = sum(finding.broken is not None for finding in findings)
    if broken:
        raise GraderError(f"{broken} of {len(findings)} promises do not hold here: don't grade others' work.")
    console.print(f"All {len(findings)} promises of the sandbox hold on this machine.")


@app.command()
def inspect(
    submission: Annotated[Path, typer.Argument(help="A module, a notebook, a folder or a zip file.")],
    assignment: AssignmentOption,
) -> None:
    """Say what the grader reads of a submission; none of its code is run."""
    from rich.console import Console

    from grader.assignment import find_assignment
    from grader.pipeline import inspect_one
    from grader.report.inspection import show_inspection

    show_inspection(Console(), inspect_one(submission, find_assignment(assignment)))


@app.callback()
def common() -> None:
    """What holds for every command."""


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 - the one place


def encode(result: Any) -> bytes:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n"


def write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path}: can't be written: {error.strerror}.") from None


def main() -> None:
    """Run the command line; every error becomes a sentence and an exit status."""
    try:
        app()
    except UsageError as error:
        say(f"grade: {error}")
        sys.exit(2)
    except GraderError as error:
        say(f"grade: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("grade: interrupted.")
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the command line's edge
        report_defect(error)
        sys.exit(1)


def report_defect(error: Exception) -> None:
    """Our own fault: a log ready to paste, and no traceback on the screen."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="grade-", suffix=".log", delete=False) as log:
        log.write("".join(traceback.format_exception(error)))
    say(f"grade: a defect of the grader: {type(error).__name__}: {error}. Please report it with {log.name}.")


if __name__ == "__main__":
    main()
