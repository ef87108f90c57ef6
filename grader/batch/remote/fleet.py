"""The driver's side of a batch on a cluster: outposts asked, opened, fed, heard, and done without when they die."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from grader.assignment import Assignment
from grader.batch.crew import Lost
from grader.batch.examining import FALSE_STARTS
from grader.batch.messages import Collected, Done, FromJob, Ready, Start, Task, Trouble
from grader.batch.records import Remote
from grader.batch.remote import cluster
from grader.batch.remote.baggage import packed
from grader.batch.remote.cluster import Share
from grader.batch.remote.facts import OF_THE_CARD, facts_here, objection, with_card_of
from grader.batch.remote.messages import FACTS, HEARD, Facts, FromOutpost, Gone, Opening, Order, encode
from grader.errors import GraderError, UsageError
from grader.gradebook import Suite
from grader.intake.gather import carry
from grader.pipeline import contract_of
from grader.sandbox.device import ANY_CARD

DEPTH = 2
"""Submissions at a node for each of its jobs: one being examined, one waiting, so that no job waits for the driver."""

HEAR_SECONDS = 5.0
SILENCE_SECONDS = 120.0
FAREWELL_SECONDS = 20.0


class Post:
    """One outpost as the driver sees it.  `tasks` are those it was sent and has not done, without their files."""

    def __init__(self, ray: Any, share: Share, assignment: Assignment) -> None:
        self.share = share
        self.ready = False
        self.opened = False
        self.false_starts = 0
        self.tasks: dict[str, Task] = {}
        self.heard_at = time.monotonic()
        self.actor = cluster.outpost_on(ray, share)
        self.call: Any = None
        self._contract = contract_of(assignment)

    def open(self, opening: bytes, files: Any) -> None:
        """Start its jobs; `files` are the suite's, put once where every node can get them."""
        self.opened = True
        self.actor.open.remote(opening, files)
        self.heard_at = time.monotonic()
        self.listen()

    def listen(self) -> None:
        self.call = self.actor.hear.remote(HEAR_SECONDS)

    def room(self) -> int:
        return DEPTH * self.share.jobs - len(self.tasks) if self.ready else 0

    def give(self, task: Task, seconds: float) -> None:
        """Read its files only now: what waits at the driver is no more than its name."""
        self.tasks[task.found.id] = task
        carried = msgspec.structs.replace(task, carried=carry(task.found, self._contract))
        self.actor.give.remote(encode(Order(task=carried, seconds=seconds)))


class Fleet:
    """All outposts of a batch; Ray is joined when the first is needed."""

    def __init__(self, remote: Remote, assignment: Assignment, start: Start, *, local_jobs: int) -> None:
        self._remote = remote
        self._assignment = assignment
        self._start = start
        self._local_jobs = local_jobs
        self._ray: Any = None
        self._files: Any = None
        self._posts: list[Post] = []
        self._elsewhere: dict[str, str] = {}

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Every outpost ends its jobs and removes what it unpacked, in bounded time; the rest dies with us."""
        if self._ray is None:
            return
        closing = [post.actor.close.remote() for post in self._posts if post.opened]
        with contextlib.suppress(self._ray.exceptions.RayError):
            if closing:
                self._ray.wait(closing, num_returns=len(closing), timeout=FAREWELL_SECONDS)
        self._ray.shutdown()

    def suite(self, jobs: int) -> Suite:
        """Open all, and hear from the first which tests there are.

        UsageError where the suite can't be collected, GraderError where no node can tell.
        """
        self.staff(jobs)
        while self._posts:
            for _, message in self.listen(HEAR_SECONDS):
                if isinstance(message, Collected) and message.suite is not None:
                    return message.suite
                if isinstance(message, Trouble):
                    raise UsageError(message.reason) if message.usage else GraderError(message.reason)
                if isinstance(message, Lost):
                    raise GraderError(f"A job did not start: {message.why}.")
        raise GraderError("No node of the cluster is left.")

    def staff(self, wanted: int) -> None:
        """Open as many outposts as there is work for; all nodes are asked first what they are."""
        if self._ray is None:
            self._join()
        at_work = sum(post.share.jobs for post in self._posts if post.opened)
        for post in self._posts:
            if not post.opened and at_work < wanted:
                post.open(self._opening(post, describe=at_work == 0), self._files)
                at_work += post.share.jobs

    def elsewhere(self) -> dict[str, str]:
        """The nodes' card and their PyTorch, where this machine has none: they have to be asked first."""
        if self._start.device == ANY_CARD and self._ray is None:
            self._join()
        return self._elsewhere

    def able(self) -> bool:
        return bool(self._posts)

    def idle(self) -> list[Post]:
        """Each as often as it has room, turn by turn: every node gets its share of the last ones, too."""
        most = max((post.room() for post in self._posts), default=0)
        return [post for turn in range(most, 0, -1) for post in self._posts if post.room() >= turn]

    def running(self) -> list[str]:
        return [identity for post in self._posts for identity in post.tasks]

    def listen(self, seconds: float) -> Iterator[tuple[Post, FromJob | Lost]]:
        calls = {post.call: post for post in self._posts if post.opened}
        done, _ = self._ray.wait(list(calls), timeout=seconds) if calls else ([], [])
        for call in done:
            yield from self._heard(calls[call])
        for post in [post for post in self._posts if post.opened and self._is_silent(post)]:
            self._ray.kill(post.actor)
            yield from self._bury(post, f"it has said nothing for {SILENCE_SECONDS:.0f} s")
        if not self._posts:
            raise GraderError(
                "No node of the cluster is left. What was graded is kept; run the same command again to go on."
            )

    # -------------------------------------------------------------------------------------- details

    def _join(self) -> None:
        """Join the cluster, and refuse it where a node is not what this machine is."""
        self._ray = ray = cluster.join(self._remote.address, self._local_jobs)
        shares = cluster.shares_of(ray, self._remote.jobs, self._start.device.kind, self._remote.gpu_jobs)
        self._files = ray.put(packed(self._assignment))
        self._posts = [Post(ray, share, self._assignment) for share in shares]
        sandbox, device = str(self._start.sandbox), self._start.device
        questions = [(post, post.actor.facts.remote(sandbox, device.kind)) for post in self._posts]
        self._compare(questions, facts_here(sandbox, device))

    def _compare(self, questions: list[tuple[Post, Any]], ours: Facts) -> None:
        """GraderError where a node is other than this machine, or than the first of them where that has the card."""
        whose = "this machine"
        for post, question in questions:
            answer = cluster.answer_of(self._ray, question, post.share)
            if answer is None:
                self._posts.remove(post)  # it died before anybody had noticed
                continue
            theirs = FACTS.decode(answer)
            is_first = self._start.device == ANY_CARD and not self._elsewhere
            ours = with_card_of(theirs, ours) if is_first else ours
            refused = objection(post.share.name, theirs, ours, whose)
            if refused is not None:
                raise GraderError(refused)
            if is_first:
                self._elsewhere = {name: theirs.versions[name] for name in OF_THE_CARD}
                whose = f"the node {post.share.name}"

    def _opening(self, post: Post, *, describe: bool) -> bytes:
        # the files' folder there bears the assignment's name, which is the solution's, too
        start = msgspec.structs.replace(
            self._start, assignment=Path(self._assignment.name), describe=describe
        )
        return encode(Opening(start=start, jobs=post.share.jobs))

    def _is_silent(self, post: Post) -> bool:
        return time.monotonic() - post.heard_at > SILENCE_SECONDS

    def _heard(self, post: Post) -> Iterator[tuple[Post, FromJob | Lost]]:
        try:
            heard = HEARD.decode(self._ray.get(post.call))
        except self._ray.exceptions.RayError:
            yield from self._bury(post, "its node has died or was taken away")
            return
        post.heard_at = time.monotonic()
        post.listen()
        for message in heard:
            yield from self._one(post, message)

    def _one(self, post: Post, message: FromOutpost) -> Iterator[tuple[Post, FromJob | Lost]]:
        if isinstance(message, Gone):
            post.false_starts += not message.ready
            task = post.tasks.pop(message.submission, None) if message.submission is not None else None
            if post.false_starts >= FALSE_STARTS * post.share.jobs:
                yield from self._dismiss(post, message.why)
            yield post, Lost(why=message.why, task=task, ready=message.ready)
            return
        if isinstance(message, Ready):
            post.ready, post.false_starts = True, 0
        if isinstance(message, Done) and post.tasks.pop(message.id, None) is None:
            return  # it was given to another meanwhile
        yield post, message

    def _dismiss(self, post: Post, why: str) -> Iterator[tuple[Post, Lost]]:
        """No job can be started there: others do what it was sent."""
        self._ray.kill(post.actor)
        yield from self._bury(post, why)

    def _bury(self, post: Post, why: str) -> Iterator[tuple[Post, Lost]]:
        if post not in self._posts:
            return
        self._posts.remove(post)
        reason = f"the node {post.share.name}: {why}"
        for task in post.tasks.values():
            yield post, Lost(why=reason, task=task, ready=True, elsewhere=True)
        post.tasks = {}
