"""`grade check`: a student's own check, at home or in CI, with the public suite."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.commands.delivering import Delivery, FormatOption, OutputOption, deliver, deliveries
from grader.commands.devices import DeviceOption, chosen_device

if TYPE_CHECKING:
    from grader.check.running import Checked
    from grader.sandbox.device import Device

NOT_ALL_PASS = 3
"""The exit status where checks ran and some do not pass, so that a CI job fails."""


def check(
    path: Annotated[Path, typer.Argument(help="Your notebook or module, or the folder it is in.")] = Path(),
    part: Annotated[
        str | None, typer.Option("--part", "-p", help="Only this part, or this exercise: conv, Conv2d.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Check again whenever a file is saved.")] = False,
    every: Annotated[bool, typer.Option("--all", help="List the checks that pass, too.")] = False,
    format_: FormatOption = None,
    output: OutputOption = None,
    device: DeviceOption = "cpu",
) -> None:
    """Check your own homework with the public suite (exit status 3: some checks do not pass)."""
    wanted = deliveries(format_, output)
    chosen = chosen_device(device, "process")
    if watch:
        keep_checking(path, part, wanted, chosen, every=every)
    elif not check_once(path, part, wanted, chosen, every=every):
        raise typer.Exit(NOT_ALL_PASS)


def check_once(
    path: Path, part: str | None, wanted: Sequence[Delivery], device: Device, *, every: bool
) -> bool:
    """Whether all checks pass."""
    from grader.check.running import check_path

    checked = check_path(path, part, device)
    hand_over(path, checked, wanted, every=every)
    return checked.all_pass


def hand_over(path: Path, checked: Checked, wanted: Sequence[Delivery], *, every: bool) -> None:
    from grader.check.running import sheet_of
    from grader.report.formats_table import show_checks

    sheet = sheet_of(checked, path)
    deliver(
        wanted,
        sheet,
        lambda console: show_checks(console, sheet.result, sheet.titles, sheet.summary, every=every),
    )


def keep_checking(
    path: Path, part: str | None, wanted: Sequence[Delivery], device: Device, *, every: bool
) -> None:
    """Until it is interrupted, which is how one ends it."""
    from grader.check.watching import changes

    try:
        for _ in changes(path):
            typer.echo(f"---- {time.strftime('%H:%M:%S')}")
            check_once(path, part, wanted, device, every=every)
            typer.echo("Waiting for the next save; Ctrl-C ends it.")
    except KeyboardInterrupt:
        typer.echo("")
