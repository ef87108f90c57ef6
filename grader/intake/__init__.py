"""Whatever students hand in, found and read.  Nothing of it is run or imported here."""

from grader.intake.forbidden import Code, code_of, find_forbidden
from grader.intake.inspection import Inspection, inspect_submission
from grader.intake.layouts import find_submissions, passed_over
from grader.intake.reading import read_submission
from grader.intake.records import Contract, Enrolled, Found, Hit, Submission, Unreadable
from grader.intake.roster import not_handed_in, read_roster

__all__ = [
    "Code",
    "Contract",
    "Enrolled",
    "Found",
    "Hit",
    "Inspection",
    "Submission",
    "Unreadable",
    "code_of",
    "find_forbidden",
    "find_submissions",
    "inspect_submission",
    "not_handed_in",
    "passed_over",
    "read_roster",
    "read_submission",
]
