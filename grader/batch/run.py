"""The batch as one sequence: find, plan, examine what has changed, record, publish."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from grader.batch.crew import Crew, Staff
from grader.batch.examining import Examining
from grader.batch.fingerprints import environment_of, suite_digest
from grader.batch.messages import Start
from grader.batch.planning import matches, plan
from grader.batch.publish import Publisher
from grader.batch.recording import Recorder
from grader.batch.records import Circumstances, Order, Plan, Summary, Watcher
from grader.batch.times import last_changes
from grader.errors import GraderError, UsageError
from grader.gradebook import FILE, Gradebook, Run, Suite, open_gradebook, open_to_read
from grader.intake import find_submissions, not_handed_in, read_roster
from grader.intake.records import Enrolled, Found
from grader.model import Status
from grader.pipeline import draw_seed
from grader.sandbox.device import ANY_CARD
from grader.sandbox.launch import ZygoteProcess
from grader.score.extensions import policy_of


def grade_class(
    order: Order,
    watcher: Watcher,
    started: ZygoteProcess | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Summary:
    """Grade every submission of a folder that has changed since the last time.

    What is done is recorded at once, so that the batch may end at any moment and go on later.  `started`: the sandbox
    of this tier and for this device, where it is under way.  `meanwhile` is done while jobs get ready.  Raises
    UsageError where the folder, the output folder or the assignment is wrong, GraderError where the grader can't go on.
    """
    found = submissions_of(order)
    absent = absent_of(order, found)
    with open_gradebook(order.out, order.assignment.name) as book, interruptible():
        book.see(order.folder.resolve(), found)
        book.missed(absent)
        seed = seed_of(order, book)
        with crew_for(order, seed, started) as crew:
            circumstances = settled(order, book, seed, crew)
            keep_policy(order, book, circumstances.suite, found)
            planned = plan(order, book, found, circumstances)
            return carry_out(order, book, crew, planned, watcher, meanwhile)


def plan_only(order: Order) -> Plan:
    """What `grade_class` would do; writes nothing, and finds fault with the same."""
    if order.device == ANY_CARD:
        raise UsageError(
            "--dry-run: which card the cluster's nodes have is known only there. Ask on a machine that has one, too."
        )
    found = submissions_of(order)
    absent_of(order, found)
    policy_of(order.assignment, order.extensions)
    if not (order.out / FILE).is_file():
        return plan(order, None, found, supposed(order, None))
    with open_to_read(order.out) as book:
        return plan(order, book, found, supposed(order, book))


def carry_out(
    order: Order, book: Gradebook, crew: Staff, planned: Plan, watcher: Watcher, meanwhile: Callable[[], None]
) -> Summary:
    """Do what is planned, recording and publishing each result as it comes."""
    run = book.begin(order.folder.resolve(), planned.circumstances.seed, order.jobs)
    publisher = Publisher(book)
    publisher.catch_up()
    watcher.begin(len(planned.decisions), len(planned.decisions) - len(planned.work))
    recorder = Recorder(order.assignment, book, run, planned.circumstances, publisher, watcher)
    examining = Examining(crew, recorder, watcher, jobs=most_at_a_time(order), limits=order.assignment.limits)
    with wound_up(order, book, run, publisher):
        for decision in planned.work:
            if decision.action == "score":
                recorder.rescored(decision)
        examining.examine([one for one in planned.work if one.action == "run"], meanwhile)
    return summed_up(book, planned)


@contextmanager
def wound_up(order: Order, book: Gradebook, run: Run, publisher: Publisher) -> Iterator[None]:
    """However it ends, grades.csv tells what is known by then."""
    try:
        yield
    except BaseException:
        with suppress(GraderError):  # the first trouble is the one to report
            publisher.finish(order.assignment, max_points_row=order.max_points_row)
            book.end(run, "interrupted")
        raise
    publisher.finish(order.assignment, max_points_row=order.max_points_row)
    book.end(run, "incomplete" if unchecked(book) else "complete")


def summed_up(book: Gradebook, planned: Plan) -> Summary:
    statuses = Counter(row.status for row in book.grades(0.0))
    return Summary(
        statuses=dict(statuses),
        ran=len(planned.work),
        kept=len(planned.decisions) - len(planned.work),
        seed=planned.circumstances.seed,
        unchecked=unchecked(book),
        untimed=book.untimed(),
        passed_over=planned.passed_over,
        without_effect=without_effect(book),
    )


def without_effect(book: Gradebook) -> tuple[str, ...]:
    """The submissions whose changes by hand have no effect now: taken away, handed in anew, or of another name since
    one with theirs came."""
    changed = {one.submission for one in book.overrides() if one.undone_at is None}
    return tuple(sorted(changed - {submission for _, submission in book.current()}))


def unchecked(book: Gradebook) -> tuple[str, ...]:
    return tuple(row.submission for row in book.grades(0.0) if row.status is Status.UNCHECKED)


# ------------------------------------------------------------------------------------- what there is


def submissions_of(order: Order) -> tuple[Found, ...]:
    """Everything handed in; UsageError where there is nothing, or the output would be taken for a submission."""
    if order.out.resolve() == order.folder.resolve():
        raise UsageError(
            f"{order.out}: the results can't go into the folder of the submissions. Choose another."
        )
    found = tuple(one for one in find_submissions(order.folder) if not holds_results(one.path, order.out))
    if not found:
        raise UsageError(f"{order.folder}: there is no submission in this folder.")
    if order.only is not None and not any(matches(one, order.only) for one in found):
        raise UsageError(f"--only {order.only}: none of the {len(found)} submissions has an id like this.")
    return found


def holds_results(path: Path, out: Path) -> bool:
    """Whether this is where a batch put its results: this one, or one before it."""
    try:
        return path.resolve() == out.resolve() or (path.is_dir() and (path / FILE).is_file())
    except (OSError, RuntimeError):  # a link that leads to itself
        return False


def absent_of(order: Order, found: tuple[Found, ...]) -> tuple[Enrolled, ...]:
    return () if order.roster is None else not_handed_in(read_roster(order.roster), found)


# ---------------------------------------------------------------------------------- circumstances


def seed_of(order: Order, book: Gradebook) -> str:
    """The seed asked for, else the folder's own, else one drawn now; it becomes the folder's own."""
    seed = order.seed or book.setting("seed") or draw_seed()
    book.set(seed=seed)
    return seed


def settled(order: Order, book: Gradebook, seed: str, crew: Staff) -> Circumstances:
    """What all have in common, kept in the gradebook."""
    known = book.suite(suite_digest(order.assignment))
    suite = known or book.keep_suite(crew.suite(order.jobs))
    environment = environment_of(order.assignment, order.sandbox, str(order.device), crew.elsewhere())
    return Circumstances(suite=suite, environment=book.keep_environment(environment), seed=seed)


def supposed(order: Order, book: Gradebook | None) -> Circumstances:
    """What all would have in common, kept nowhere; a seed that has yet to be drawn is empty."""
    known = book.suite(suite_digest(order.assignment)) if book is not None else None
    stored = book.setting("seed") if book is not None else None
    return Circumstances(
        suite=known or collected_suite(order),
        environment=environment_of(order.assignment, order.sandbox, str(order.device)),
        seed=order.seed or stored or "",
    )


def keep_policy(order: Order, book: Gradebook, suite: Suite, found: tuple[Found, ...]) -> None:
    """The rules of assignment.toml with the extensions asked for now, else those that were asked for before.

    UsageError where a void test is none of the suite's.
    """
    policy = policy_of(order.assignment, order.extensions)
    unknown = {void.test for void in policy.void} - {test.key for test in suite.tests}
    if unknown:
        raise UsageError(
            f"{order.assignment.folder}/assignment.toml: void: the suite has no test {min(unknown)}."
        )
    if policy.late is not None and not policy.extensions:
        policy = msgspec.structs.replace(policy, extensions=book.policy().extensions)
    if policy.late is not None and policy.late.times == "file":
        book.keep_file_times(last_changes(found))
    book.keep_policy(policy)


def collected_suite(order: Order) -> Suite:
    start = Start(assignment=order.assignment.folder, seed="", sandbox=None)
    with Crew(start, [0]) as crew:
        return crew.suite(1)


def most_at_a_time(order: Order) -> int:
    """How many submissions are examined at once; on a cluster, as many as it can."""
    return order.jobs if order.remote is None else sys.maxsize


def crew_for(order: Order, seed: str, started: ZygoteProcess | None = None) -> Staff:
    """Jobs for the order, none of them started yet."""
    start = Start(
        assignment=order.assignment.folder,
        seed=seed,
        device=order.device,
        sandbox=order.sandbox,
    )
    if order.remote is not None:
        from grader.batch.remote import Fleet  # Ray is needed for nothing else

        return Fleet(order.remote, order.assignment, start, local_jobs=order.jobs)
    cores = sorted(os.sched_getaffinity(0))
    return Crew(start, cores, order.assignment.probes(), order.assignment.rules(), started)


@contextmanager
def interruptible() -> Iterator[None]:
    """A polite request to end, by signal, is as good as Ctrl-C."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
