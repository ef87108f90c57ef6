"""What the command line asks for, checked before anything is started."""

from __future__ import annotations

from importlib.util import find_spec

from grader.batch.records import SHARED_BY, Remote
from grader.errors import UsageError

EXECUTORS = ("local", "ray")
INSTALL = 'pip install "forgeproof-grader[ray]"'


def remote_of(
    executor: str, address: str | None, jobs: int | None, gpu_jobs: int | None = None
) -> Remote | None:
    """The cluster that is asked for, None for this machine; UsageError where that can't be."""
    if executor not in EXECUTORS:
        raise UsageError(f"There is no executor called {executor!r}. Choose {' or '.join(EXECUTORS)}.")
    if executor == "local":
        if address is not None:
            raise UsageError(f"--address {address}: only with --executor ray.")
        return None
    if find_spec("ray") is None:
        raise UsageError(f"--executor ray: Ray is not installed here. Install it: {INSTALL}")
    return Remote(address=address, jobs=jobs, gpu_jobs=gpu_jobs or SHARED_BY)
