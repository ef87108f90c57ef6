"""`--device`: where the student's code computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from grader.sandbox.device import Device

DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        help="auto: a card that works, else the CPU. cpu. cuda, or cuda:1: this card, or nothing is run.",
    ),
]


def chosen_device(text: str, tier: str) -> Device:
    """The device for what was asked for; says which, where that does not go without saying.

    UsageError where it can't be had.
    """
    from grader.sandbox.gpu import choose

    choice = choose(text, tier)
    if choice.told:
        typer.echo(choice.told, err=True)
    return choice.device
