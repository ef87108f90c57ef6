"""`--device`: where the student's code computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from grader.sandbox.device import Device
    from grader.sandbox.gpu import Choice

DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        help="auto: a card that works, else the CPU. cpu. cuda, or cuda:1: this card, or nothing is run.",
    ),
]


def chosen_device(text: str, tier: str, *, elsewhere: bool = False) -> Device:
    """The device for what was asked for; says which, where that does not go without saying.

    `elsewhere`: others compute, so that this machine needs no card of its own.  UsageError where it can't be had.
    """
    from grader.sandbox.gpu import choose

    choice = choice_elsewhere(text, tier) if elsewhere else choose(text, tier)
    if choice.told:
        typer.echo(choice.told, err=True)
    return choice.device


def choice_elsewhere(text: str, tier: str) -> Choice:
    """As here; "cuda" where there is none leaves it to the nodes which card they have, and no card has a number."""
    from grader.errors import UsageError
    from grader.sandbox.device import ANY_CARD
    from grader.sandbox.gpu import Choice, NoSuchDeviceError, choose, parsed

    kind, number = parsed(text)
    if number is not None:
        raise UsageError(f"--device {text}: with --executor ray, Ray hands out the cards. Say --device cuda.")
    try:
        return choose(text, tier)
    except NoSuchDeviceError:
        if kind != "cuda":
            raise
        return Choice(
            device=ANY_CARD, told="Device: the card of the cluster's nodes; this machine has none that works."
        )
