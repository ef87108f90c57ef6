"""The durable record of every result."""

from grader.gradebook.connection import FILE
from grader.gradebook.records import (
    Attempt,
    Change,
    Environment,
    Latest,
    PastOutcome,
    Person,
    Row,
    Run,
    Suite,
    SuitePart,
    SuiteTest,
    TestChange,
    key_of,
)
from grader.gradebook.store import Gradebook, open_gradebook, open_to_change, open_to_read

__all__ = [
    "FILE",
    "Attempt",
    "Change",
    "Environment",
    "Gradebook",
    "Latest",
    "PastOutcome",
    "Person",
    "Row",
    "Run",
    "Suite",
    "SuitePart",
    "SuiteTest",
    "TestChange",
    "key_of",
    "open_gradebook",
    "open_to_change",
    "open_to_read",
]
