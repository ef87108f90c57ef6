"""The tests of a collected suite, each with the digest of all that its verdict depends on."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from grader.assignment import STAND_INS, Assignment
from grader.batch.definitions import Closure, Source, closure_of
from grader.batch.fingerprints import digest_of, hidden_files, solution_text
from grader.errors import UsageError
from grader.examine.declared import Declared, declared_by
from grader.examine.misconceptions import read_misconceptions
from grader.gradebook import Suite, SuitePart, SuiteTest


def described(items: Sequence[pytest.Function], assignment: Assignment, digest: str) -> Suite:
    """The suite of that digest with every test's own; UsageError where two tests of a part have one name."""
    digests = Digests(assignment, digest)
    tests = tuple(digests.test(item) for item in items)
    if len({test.key for test in tests}) < len(tests):
        keys = [test.key for test in tests]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise UsageError(f"{assignment.hidden}: there are two tests called {twice}; rename one of them.")
    parts = tuple(
        SuitePart(name=part.name, title=part.title, max_score=part.points) for part in assignment.parts
    )
    return Suite(digest=digest, tests=tests, parts=parts)


class Digests:
    """What the tests of one suite have in common, read once."""

    def __init__(self, assignment: Assignment, whole: str) -> None:
        self.assignment = assignment
        self.source = Source(assignment.hidden)
        self.whole = whole
        self.solution = digest_of(solution_text(assignment))
        self.misconceptions = read_misconceptions(assignment.hidden)
        self._hints: dict[frozenset[str], str] = {}
        self.data = digest_of(
            [(file.name, file.read_bytes()) for file in hidden_files(assignment) if file.suffix != ".py"]
        )

    def test(self, item: pytest.Function) -> SuiteTest:
        declared = declared_by(item, self.assignment)
        return SuiteTest(
            part=declared.part.name,
            name=item.name,
            title=declared.title,
            max_score=declared.points,
            digest=self.of_verdict(item, declared),
            hints=self.of_hints(frozenset(declared.about)),
        )

    def of_verdict(self, item: pytest.Function, declared: Declared) -> str:
        """Of all that the verdict depends on, but for the submission, the environment and the seed."""
        part = declared.part
        whole = ["conftest", *([STAND_INS.removesuffix(".py")] if declared.stand_ins else [])]
        root = item.cls.__name__ if item.cls is not None else getattr(item, "originalname", item.name)
        closure = closure_of(self.source, item.path.stem, [root, *self.marks(item)], whole)
        said = [item.name, declared.points, declared.seconds, declared.exercises, declared.stand_ins]
        rules = [part.name, part.exercises, [msgspec.to_builtins(rule) for rule in part.forbidden]]
        return digest_of([said, rules, self.data, self.said(closure)])

    def marks(self, item: pytest.Function) -> list[str]:
        known = self.source.binders[item.path.stem]
        return ["pytestmark"] if "pytestmark" in known else []

    def of_hints(self, exercises: frozenset[str]) -> str:
        """Of all that the hint of a failure depends on besides; worked out once for all tests of an exercise."""
        if exercises not in self._hints:
            self._hints[exercises] = self._of_hints(exercises)
        return self._hints[exercises]

    def _of_hints(self, exercises: frozenset[str]) -> str:
        wanted = [one for one in self.misconceptions if one.exercise in exercises]
        modules = self.source.matching("misconceptions*")
        if not wanted or not modules:
            return ""
        closure = closure_of(self.source, modules[0], [one.name for one in wanted])
        return digest_of([self.solution, self.said(closure)])

    def said(self, closure: Closure) -> list[str]:
        return [self.whole] if closure.everything else closure.digests()
