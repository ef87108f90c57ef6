"""Proving a suite before its release: right work never loses a point, wrong work always does.

`validate` grades the master, the stub, the known submissions and every misconception, put into the master, through
the same pipeline as a student's work, and reports whatever did not come out as it must.
"""

from grader.validate.records import Report, Trial
from grader.validate.running import validate

__all__ = ["Report", "Trial", "validate"]
