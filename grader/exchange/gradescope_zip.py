"""An assignment as an autograder for Gradescope's platform: one zip, the same bytes for the same content.

The layout is that of Gradescope's documentation, "Autograder Specifications": `setup.sh` and `run_autograder` at the
root of the zip, which is unpacked to `/autograder/source`; the submission lies in `/autograder/submission`, and what
came of it is to be in `/autograder/results/results.json`.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import shlex
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

import grader
from grader.assignment import Assignment
from grader.errors import UsageError
from grader.exchange.gradescope import Visibility
from grader.model import Record

FIXED_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say: the same content gives the same bytes at any time."""

CACHES: Final = frozenset(
    {"__pycache__", ".pytest_cache", ".ipynb_checkpoints", ".mypy_cache", ".ruff_cache"}
)
EXECUTABLE: Final = frozenset({"setup.sh", "run_autograder"})
SETTINGS: Final = "settings.json"
ROOT_VARIABLE: Final = "AUTOGRADER_ROOT"

SETUP: Final = """\
#!/usr/bin/env bash
# Run once, as root, while the image is built: Python, the sandbox's tools, the grader.
set -euo pipefail

source=${AUTOGRADER_ROOT:-/autograder}/source
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv bubblewrap libseccomp2
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "The grader needs Python 3.11 or newer: choose a newer Ubuntu as the base image." >&2
    exit 1
fi
python3 -m venv "$source/venv"
"$source/venv/bin/pip" install --no-cache-dir @PIP@ "$source/grader"
"""

RUN: Final = """\
#!/usr/bin/env bash
# Run for every submission: the hidden suite, in the strictest sandbox that this container gives.
set -euo pipefail

root=${AUTOGRADER_ROOT:-/autograder}
cd "$root/source"
exec "${AUTOGRADER_PYTHON:-$root/source/venv/bin/python}" -m grader.cli gradescope-run "$root"
"""


class Settings(Record, frozen=True):
    """What the autograder is told: the assignment's folder in the zip, the questions' seed, who sees the tests when."""

    assignment: str
    seed: str
    visibility: Visibility


def build_zip(
    assignment: Assignment, *, visibility: Visibility = "visible", seed: str | None = None, pip: str = ""
) -> bytes:
    """The upload.  `pip` are further arguments for its installation of the grader.

    Every student and every attempt gets the same questions: their seed is the one given, else drawn from the content,
    which is as secret as the hidden suite that it is drawn from.  UsageError where there is no source to take along.
    """
    work = dict(assignment_files(assignment))
    place = f"assignments/{assignment.name}"
    settings = Settings(assignment=place, seed=seed or digest_of(work), visibility=visibility)
    files = {
        "setup.sh": SETUP.replace("@PIP@", shlex.join(shlex.split(pip))).encode(),
        "run_autograder": RUN.encode(),
        SETTINGS: msgspec.json.encode(settings) + b"\n",
        **work,
        **dict(grader_files()),
    }
    return zipped(files)


def assignment_files(assignment: Assignment) -> Iterator[tuple[str, bytes]]:
    """The assignment's folder, and the solution where its toml says that it is: hints are found with it."""
    place = f"assignments/{assignment.name}"
    yield from below(assignment.folder, place)
    if assignment.solution is None or assignment.spec.solution is None:
        return
    module = assignment.solution / f"{assignment.name}.py"
    inside = posixpath.normpath(posixpath.join(place, assignment.spec.solution, module.name))
    if inside.startswith(("..", "/")):
        raise UsageError(
            f"{assignment.folder}/assignment.toml: solution: is too far from the assignment to be taken along."
        )
    if module.is_file():
        yield inside, module.read_bytes()


def grader_files() -> Iterator[tuple[str, bytes]]:
    """The grader's source, to be installed; UsageError where this is not a source checkout."""
    package = Path(grader.__file__).resolve().parent
    project = package.parent
    if not (project / "pyproject.toml").is_file():
        raise UsageError("The zip is built from the grader's source: run this in a checkout of it.")
    yield from below(package, "grader/grader")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        yield f"grader/{name}", (project / name).read_bytes()


def below(folder: Path, place: str) -> Iterator[tuple[str, bytes]]:
    """All files of a folder by their place in the zip, without caches and links."""
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder)
        if (
            file.is_file()
            and not file.is_symlink()
            and CACHES.isdisjoint(inside.parts)
            and file.suffix != ".pyc"
        ):
            yield f"{place}/{inside.as_posix()}", file.read_bytes()


def digest_of(files: Mapping[str, bytes]) -> str:
    """128 bits, in hexadecimal, of the files' names and contents."""
    parts = (f"{name}\n{hashlib.sha256(data).hexdigest()}\n" for name, data in sorted(files.items()))
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:32]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Sorted by name, with a fixed time and plain permissions."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.create_system = 3  # Unix, whatever it is built on: permissions count
            entry.external_attr = (0o100755 if name in EXECUTABLE else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return content.getvalue()
