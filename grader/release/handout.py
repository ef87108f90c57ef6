"""Write what is generated from the master, and the folder that students get.

A handout is put together from what is named here, and from nothing else of the assignment: generated stubs,
`data/`, `public/`, what `public/` needs to know of assignment.toml, and the student template.  Before anything is
written, every text in it is searched for lines of the solution.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Final

from grader.errors import UsageError
from grader.release import master
from grader.release.notebook import notebook
from grader.release.specification import public_specification

SHARED: Final = ("data", "public")
"""Folders that students get as they are, where an assignment has them."""

SPECIFICATION: Final = "assignment.toml"

LEFTOVERS: Final = frozenset(
    {
        "__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".DS_Store",
    }
)  # fmt: skip
"""What tools leave behind."""


def generated(assignment: Path, solution: Path) -> dict[Path, bytes]:
    """What the master gives, by its path: stub module and notebook, and the solution's notebook."""
    name = assignment.name
    file = solution / f"{name}.py"
    text = _text(file)
    stub = master.stub(text, str(file))
    return {
        assignment / f"{name}.py": stub.encode(),
        assignment / f"{name}.ipynb": notebook(stub).encode(),
        solution / f"{name}.ipynb": notebook(master.solution(text, str(file))).encode(),
    }


def build(assignment: Path, solution: Path) -> list[Path]:
    """Write what is `generated` to its place; returns the paths that changed."""
    files = generated(assignment, solution)
    changed = [path for path, content in files.items() if not path.exists() or path.read_bytes() != content]
    for path in changed:
        path.write_bytes(files[path])
    return changed


def release(assignment: Path, solution: Path, template: Path, out: Path) -> list[Path]:
    """Build the handout in the folder `out`; returns the paths written, relative to it.

    UsageError where a line of the solution would be handed out, or `out` holds files of another origin.
    """
    files = handout(assignment, solution, template)
    _refuse_leaks(files, solution / f"{assignment.name}.py")
    _refuse_strangers(files, out)
    for relative, content in files.items():
        path = out / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(files)


def handout(assignment: Path, solution: Path, template: Path) -> dict[Path, bytes]:
    """The handout's files by their path in it, sorted."""
    stubs = {
        path.relative_to(assignment): content
        for path, content in generated(assignment, solution).items()
        if path.is_relative_to(assignment)
    }
    folders = [folder for folder in SHARED if (assignment / folder).is_dir()]
    shared = {
        Path(folder) / path: content for folder in folders for path, content in _files(assignment / folder)
    }
    spec = _parsed(assignment / SPECIFICATION)
    if (assignment / "public").is_dir():
        shared[Path(SPECIFICATION)] = public_specification(spec).encode()
    words = _words(assignment.name, spec)
    frame = {path: _filled(content, words) for path, content in _files(template)}
    clash = (stubs.keys() | shared.keys()) & frame.keys()
    if clash:
        raise UsageError(
            f"{template}: {min(clash)} is in the template and in the assignment; rename one of them"
        )
    return dict(sorted((frame | shared | stubs).items()))


def _files(folder: Path) -> list[tuple[Path, bytes]]:
    """The plain files under a folder by relative path; links and what tools leave behind are passed over."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; a handout needs it")
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    relative = (path.relative_to(folder) for path in paths)
    return [(path, (folder / path).read_bytes()) for path in relative if LEFTOVERS.isdisjoint(path.parts)]


def _words(name: str, spec: dict[str, Any]) -> dict[str, str]:
    """What stands in the template as `@NAME@` and so on; as an example of a part and an exercise, the first ones."""
    first: dict[str, Any] = next(iter(spec.get("parts", ())), {})
    exercise = next(iter(first.get("exercises", ())), "")
    title = str(spec.get("title", ""))
    return {"NAME": name, "TITLE": title, "PART": str(first.get("name", "")), "EXERCISE": str(exercise)}


def _filled(content: bytes, words: dict[str, str]) -> bytes:
    """A file of the template with the assignment's words in their places."""
    for place, word in words.items():
        content = content.replace(f"@{place}@".encode(), word.encode())
    return content


def _parsed(spec: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(spec))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{spec}: not TOML: {error}") from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist") from None


def _refuse_leaks(files: dict[Path, bytes], file: Path) -> None:
    secret = master.telling_lines(_text(file), str(file))
    for path, content in files.items():
        shown = {line.strip() for line in _readable(path, content).splitlines()}
        if leaked := shown & secret:
            raise UsageError(
                f"{path} would hand out a line of the solution: {min(leaked)!r}. Reword one of them."
            )


def _readable(path: Path, content: bytes) -> str:
    """A file's text, a notebook's cells; what is not text has none to give away."""
    text = content.decode("utf-8", errors="replace")
    if path.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def _refuse_strangers(files: dict[Path, bytes], out: Path) -> None:
    """Old files in a handout might be anything, a solution for instance."""
    present = (
        {path.relative_to(out) for path in out.rglob("*") if not path.is_dir()} if out.is_dir() else set()
    )
    if strangers := present - files.keys():
        raise UsageError(
            f"{out} holds {min(strangers)}, which is not part of the handout; give an empty folder"
        )
