"""The conformance list: every behaviour that the wall promises, as a check that really tries it.

`grade doctor` runs the list on the user's machine, the tests run it in CI, and `strict` counts as given only where
all of it holds.  A check is a function marked with `@promise`; the modules of this package are the list, one for
each property of the wall.
"""

from grader.sandbox.conformance.trial import Finding, Host, Promise, promises, run_all

__all__ = ["Finding", "Host", "Promise", "promises", "run_all"]
