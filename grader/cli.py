"""The commands.  The only module that prints, and the one that turns errors into exit statuses.

Exit status: 0 every submission has a result, 1 the grader itself failed on some, 2 wrong usage, 130 interrupted.
Everything heavy is imported by the command that needs it: `grade --help` imports neither torch nor pytest.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from grader.commands import checking, exporting, gradescope, overriding, reporting, scaffolding, similarity
from grader.commands.delivering import FormatOption, OutputOption, deliver, deliveries
from grader.commands.devices import DeviceOption, chosen_device
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
    typer.Option(
        "--sandbox",
        help="strict: by namespaces, or else by the second tier, contained. process: no protection, for your own "
        "code on your own machine.",
    ),
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
    every: Annotated[bool, typer.Option("--all", help="List the tests that passed, too.")] = False,
    format_: FormatOption = None,
    output: OutputOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Grade one submission and print the result."""
    from grader.sandbox.launch import early
    from grader.sandbox.tiers import tier_of

    if sandbox == "process":
        say("Note: --sandbox process protects nobody; grade others' work with --sandbox strict.")
    tier = tier_of(sandbox)
    where = chosen_device(device, tier)
    with early(tier, where) as started:  # while torch is imported there, the rest is here
        from grader.assignment import find_assignment
        from grader.pipeline import grade_one
        from grader.report.formats_sheet import graded_sheet
        from grader.report.terminal import show

        wanted = deliveries(format_, output)
        chosen = find_assignment(assignment)
        result = grade_one(submission, chosen, seed=seed, sandbox=tier, device=where, started=started)
    if json is not None:
        write(json, encode(result))
    sheet = graded_sheet(chosen, result, submission)
    deliver(wanted, sheet, lambda console: show(console, result, sheet.titles, every=every))
    if result.score is None:
        raise GraderError("Some tests could not be checked; their points are withheld, not lost.")


@app.command()
def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Only say what is there; try nothing.")] = False,
    device: DeviceOption = "auto",
) -> None:
    """Say what this machine can do, and try every promise of the sandbox on it."""
    import tempfile
    from contextlib import closing

    from rich.console import Console

    from grader.report.diagnosis import show_facts, show_finding
    from grader.sandbox import cgroups, tiers
    from grader.sandbox.client import start_zygote
    from grader.sandbox.conformance import run_all
    from grader.sandbox.conformance.trial import PROBE
    from grader.sandbox.diagnosis import facts
    from grader.sandbox.launch import ZygoteProcess

    console = Console()
    found = list(facts())
    show_facts(console, found)
    if quick:
        return
    tier = "contained" if tiers.obstacle() else "strict"
    where = chosen_device(device, tier)
    with (
        cgroups.entered(),
        closing(start_zygote([PROBE], ZygoteProcess(tier, where))) as zygote,
        tempfile.TemporaryDirectory() as folder,
    ):
        findings = [show_finding(console, finding) for finding in run_all(zygote, Path(folder))]
    broken = sum(finding.broken is not None for finding in findings)
    if broken:
        raise GraderError(f"{broken} of {len(findings)} promises do not hold here: don't grade others' work.")
    if tier == "contained":
        tiers.keep_proof()
    console.print(f"All {len(findings)} promises of the sandbox hold on this machine, in the tier {tier!r}.")


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


@app.command()
def validate(
    assignment: Annotated[str, typer.Argument(help="The assignment: its name, or its folder's path.")],
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="With how many different questions.")] = 1,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="How many at a time.")] = None,
    only: Annotated[
        str | None, typer.Option("--only", help="Only submissions like this: 'misconception/conv*'.")
    ] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Run the tests that take long for every submission.")
    ] = False,
) -> None:
    """Prove a suite before its release: solution 100 %, stub 0, every known mistake caught."""
    from fnmatch import fnmatchcase

    from rich.console import Console

    from grader.assignment import find_assignment
    from grader.report.validation import render
    from grader.validate import validate as try_all

    report = try_all(
        find_assignment(assignment),
        [f"validate-{number}" for number in range(seeds)],
        jobs=jobs or cores(),
        thorough=thorough,
        only=lambda known: only is None or fnmatchcase(f"{known.kind}/{known.name}", only),
        tell=lambda trial: say(f"{trial.kind}/{trial.name}"),
    )
    Console().print(render(report))
    if not report.sound:
        raise GraderError("The suite is not sound: see the faults above.")


@app.command()
def release(
    assignment: Annotated[str, typer.Argument(help="The assignment: its name, or its folder's path.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where the handout goes.")] = None,
) -> None:
    """Build the handout from the master; without a folder, only renew the stubs and notebooks made from it."""
    from grader.assignment import find_assignment
    from grader.release import build
    from grader.release import release as hand_out

    chosen = find_assignment(assignment)
    if chosen.solution is None:
        raise UsageError(f"{chosen.folder}/assignment.toml: solution: needed to build a handout from.")
    changed = build(chosen.folder, chosen.solution)
    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"{out}: this is a file; the handout needs a folder.")
    if out is not None:
        changed = hand_out(chosen.folder, chosen.solution, template_folder(), out)
    echo("\n".join(map(str, changed)) or "Nothing has changed.")


@app.command()
def batch(
    folder: Annotated[Path, typer.Argument(help="A folder of submissions, or an LMS's download unpacked.")],
    assignment: AssignmentOption,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the gradebook and the results go.")],
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="How many at a time.")] = None,
    seed: SeedOption = None,
    only: Annotated[str | None, typer.Option("--only", help="Only ids like this pattern: 'a*'.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run everything again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would run and why.")] = False,
    roster: Annotated[
        Path | None, typer.Option("--roster", help="A class list: who is missing is in grades.csv too.")
    ] = None,
    extensions: Annotated[
        Path | None, typer.Option("--extensions", help="A CSV file: who may hand in later, and until when.")
    ] = None,
    max_points_row: Annotated[
        bool, typer.Option("--max-points-row", help="A line with the greatest scores in grades.csv.")
    ] = False,
    sandbox: SandboxOption = "strict",
    executor: Annotated[
        str, typer.Option("--executor", help="local: on this machine. ray: on the nodes of a Ray cluster.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option("--address", help="The Ray cluster's, as host:port; without one, this machine alone."),
    ] = None,
    device: DeviceOption = "auto",
    gpu_jobs: Annotated[
        int | None, typer.Option("--gpu-jobs", min=1, help="How many share the card; else what fits.")
    ] = None,
) -> None:
    """Grade a class; run it again, and only what changed is graded."""
    from grader.sandbox.launch import early
    from grader.sandbox.tiers import tier_of

    tier = tier_of(sandbox)
    where = chosen_device(device, tier, elsewhere=executor == "ray")
    # where there are results already, perhaps nothing has to run
    at_once = executor == "local" and not dry_run and not out.exists()
    # while torch is imported there, the rest is here
    with early(tier if at_once else "process", where) as started:
        from grader.assignment import find_assignment
        from grader.batch.command import run_batch, show_plan
        from grader.batch.records import Order
        from grader.batch.remote.wanted import remote_of
        from grader.batch.sharing import jobs_on

        chosen = find_assignment(assignment)
        order = Order(
            folder=folder, assignment=chosen, out=out, jobs=jobs_on(where, chosen.limits, jobs or cores(), gpu_jobs),
            seed=seed, only=only, force=force, roster=roster, extensions=extensions, max_points_row=max_points_row,
            sandbox=tier, device=where, remote=remote_of(executor, address, jobs, gpu_jobs),
        )  # fmt: skip
        if dry_run:
            show_plan(order, echo)
            return
        refused = False
        try:
            run_batch(order, say, started)
        except UsageError:
            refused = True
            raise
        finally:
            if not refused:  # a table from before would look like an answer
                show_grades(out / "grades.csv")


@app.command()
def diff(
    out: Annotated[Path, typer.Argument(help="The folder that `grade batch` wrote.")],
) -> None:
    """List whose score the last regrade changed, and by which tests."""
    from grader.gradebook import open_to_read
    from grader.report.progress import change_lines

    with open_to_read(out) as book:
        echo("\n".join(change_lines(book.changes())))


app.command()(exporting.export)
app.command()(overriding.override)
app.command()(similarity.similar)
app.command()(gradescope.gradescope_zip)
app.command(hidden=True)(gradescope.gradescope_run)
app.command()(checking.check)
app.command()(reporting.report)
app.command()(scaffolding.new)


@app.callback()
def common() -> None:
    """What holds for every command."""


def show_grades(grades: Path) -> None:
    """The class as a table, as far as it has been graded."""
    if grades.is_file():
        from rich.console import Console

        from grader.report.class_table import show_class

        show_class(Console(), grades)


def template_folder() -> Path:
    """The skeleton of every handout: in the current folder, else in the source checkout."""
    for root in (Path(), Path(__file__).resolve().parent.parent):
        if (root / "student_template").is_dir():
            return root / "student_template"
    raise UsageError("student_template/: not found here; run this in the source checkout.")


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def echo(text: str) -> None:
    print(text)  # noqa: T201 - what was asked for


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
    # NumPy's threads would wait in loops for work that we never have
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
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
    finally:
        gc.freeze()  # or all that is about to go would be looked through for garbage first


def report_defect(error: Exception) -> None:
    """Our own fault: a log ready to paste, and no traceback on the screen."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="grade-", suffix=".log", delete=False) as log:
        log.write("".join(traceback.format_exception(error)))
    say(f"grade: a defect of the grader: {type(error).__name__}: {error}. Please report it with {log.name}.")


if __name__ == "__main__":
    main()
