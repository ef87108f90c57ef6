"""A validation's report on the terminal: what did not come out as it must, and the figures that matter."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.validate.records import Report, Trial

KINDS = {
    "master": "the solution",
    "stub": "the stub",
    "accepted": "right in other ways",
    "misconception": "misconceptions",
    "partial": "unfinished",
    "wrong": "wrong",
    "hostile": "hostile",
    "sample_class": "a class",
}

HEADINGS = ("sub-\nmitted", "trials", "sound", "falsely\nrejected", "falsely\naccepted", "not\nchecked")


def render(report: Report) -> RenderableType:
    """A table of what was tried, every fault, the misconceptions that got no hint of their own, and the figures."""
    return Group(summary(report.trials), *faults(report.trials), *unhinted(report.trials), figures(report))


def summary(trials: Iterable[Trial]) -> Table:
    """One row for each kind of submission."""
    table = Table("", box=box.SIMPLE, padding=(0, 1, 0, 0))
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for kind, name in KINDS.items():
        of_kind = [trial for trial in trials if trial.kind == kind]
        if of_kind:
            table.add_row(name, *map(str, counts(of_kind)))
    return table


def counts(trials: list[Trial]) -> list[int]:
    kinds = [fault.kind for trial in trials for fault in trial.faults]
    sound = sum(not trial.faults for trial in trials)
    told = [kinds.count(kind) for kind in ("rejected", "accepted", "unchecked")]
    return [len({trial.name for trial in trials}), len(trials), sound, *told]


def faults(trials: Iterable[Trial]) -> Iterable[Text]:
    """What did not come out as it must, and with which seed it can be seen again."""
    for trial in trials:
        for fault in trial.faults:
            words = {"rejected": "false rejection", "accepted": "false acceptance"}.get(
                fault.kind, fault.kind
            )
            yield Text(
                f"{words}: {trial.kind} {trial.name}, part {fault.part}, seed {trial.seed}: {fault.message}"
            )


def unhinted(trials: Iterable[Trial]) -> Iterable[Text]:
    """The misconceptions that were not told what they are."""
    names = sorted({trial.name for trial in trials if trial.hinted is False})
    if names:
        yield Text(f"without their own hint: {', '.join(names)}")


def figures(report: Report) -> Text:
    """The two figures, and how often the hint was right."""
    right = sum(trial.right for trial in report.trials)
    wrong = sum(trial.wrong for trial in report.trials)
    lines = [
        f"{counted(report.submissions, 'submission')} x {counted(len(report.seeds), 'seed')}, "
        f"{counted(len(report.trials), 'trial')}:",
        f"false rejections: {report.false_rejections} of {right} right parts",
        f"false acceptances: {report.false_acceptances} of {wrong} wrong parts",
    ]
    if report.hint_accuracy is not None:
        lines.append(
            f"hint accuracy: {100 * report.hint_accuracy:.1f} % of misconceptions got their own hint"
        )
    if report.left_out:
        lines.append(
            f"only for submissions that they are about (--thorough: for all): {', '.join(report.left_out)}"
        )
    return Text("\n".join(lines))


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
