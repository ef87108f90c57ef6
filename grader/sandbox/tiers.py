"""Which sandbox a machine can give: `strict` by namespaces, else by the second tier where that has proved itself here.

The proof is the conformance list, carried out once on a machine as it is now (its kernel, its start, this environment)
and kept in the cache folder of the one who runs the grader.  Where it does not hold, nobody's work is graded.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import grader
from grader.errors import SandboxUnavailableError, UsageError
from grader.sandbox import view

SANDBOXES = ("strict", "contained", "process")


def tier_of(sandbox: str) -> str:
    """The tier that this machine gives for what was asked for: "strict", "contained" or "process".

    Raises UsageError for an unknown name, SandboxUnavailableError where nothing will do.
    """
    if sandbox not in SANDBOXES:
        raise UsageError(f"There is no sandbox called {sandbox!r}. Choose {' or '.join(SANDBOXES)}.")
    if sandbox == "process" or (sandbox == "strict" and not (trouble := obstacle())):
        return sandbox
    try:
        prove()
    except SandboxUnavailableError as error:
        if sandbox == "contained":
            raise
        reason = f"This machine gives no namespaces ({trouble}), nor the second tier: {error.reason}"
        raise SandboxUnavailableError(reason, error.remedy) from None
    return "contained"


def obstacle() -> str:
    """What keeps the first tier from being built here; "" where nothing does."""
    try:
        return view.can_be_built()
    except SandboxUnavailableError as error:
        return error.reason


def prove() -> None:
    """See that the second tier keeps every promise here, unless that has been seen before.

    Raises SandboxUnavailableError where it does not, or can't be had at all.
    """
    if proof_file().is_file():
        return
    from grader.sandbox.client import start_zygote
    from grader.sandbox.conformance import run_all
    from grader.sandbox.conformance.trial import PROBE
    from grader.sandbox.launch import ZygoteProcess

    zygote = start_zygote([PROBE], ZygoteProcess("contained"))
    try:
        with tempfile.TemporaryDirectory() as folder:
            for finding in run_all(zygote, Path(folder)):
                if finding.broken is not None:
                    reason = (
                        f"It breaks a promise here. {finding.sentence} ({finding.name}: {finding.broken})"
                    )
                    raise SandboxUnavailableError(reason, view.REMEDY)
    finally:
        zygote.close()
    keep_proof()


def keep_proof() -> None:
    """The list has been seen to hold; where that can't be kept, it is tried again next time."""
    with suppress(OSError):
        proof_file().parent.mkdir(parents=True, exist_ok=True)
        proof_file().touch()


def proof_file() -> Path:
    """A name that changes with whatever the proof depends on."""
    facts = (
        boot(),
        platform.release(),
        sys.executable,
        version("torch"),
        grader.__version__,
        sandbox_digest(),
    )
    name = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "forgeproof-grader" / f"contained-{name}"


def boot() -> str:
    """Since when the machine runs: it may start next time with other settings."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


def sandbox_digest() -> str:
    """Of the sandbox's own source."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
