"""Fetch what students pushed, as data: one folder for each line of submissions.csv, nothing of it is executed.

Run as `python fetch.py SUBMISSIONS.csv OUT`.  Git gets the token from the environment (GIT_CONFIG_*) and writes it
nowhere.  A repository that can't be fetched is told and passed over: the others are graded.
"""

import csv
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
SAFE_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,60}/[A-Za-z0-9._-]{1,100}")
LARGEST = 200 * 2**20
"""Bytes of a repository's files; more are not fetched."""

HARMLESS = ("-c", "core.hooksPath=", "-c", "protocol.allow=never")
"""Git runs nothing of a repository's; but for the server's own, no way of fetching is allowed."""


def main(roster: str, out: str, server: str = "https://github.com") -> int:
    """Fetch every line of the roster into a folder of its id; returns how many could not be."""
    failed = 0
    with Path(roster).open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            trouble = fetch(line["id"], line["repository"], Path(out), server)
            if trouble:
                failed += 1
                print(f"{line['id']}: {trouble}", file=sys.stderr)  # noqa: T201
    return failed


def fetch(student: str, repository: str, out: Path, server: str) -> str:
    """Why it could not be fetched; "" where it was."""
    if not SAFE_ID.fullmatch(student) or not SAFE_REPOSITORY.fullmatch(repository):
        return "the id or the repository's name is not one"
    with tempfile.TemporaryDirectory() as folder:
        allowed = f"protocol.{server.partition(':')[0]}.allow=always"
        store = ["git", *HARMLESS, "-c", allowed, "-C", folder]
        address = f"{server}/{repository}.git"
        for command in (
            [*store, "init", "--quiet", "--bare"],
            [
                *store,
                "fetch",
                "--quiet",
                "--depth=1",
                "--no-tags",
                "--no-recurse-submodules",
                address,
                "HEAD",
            ],
        ):
            if subprocess.run(command, check=False, timeout=300).returncode != 0:
                return "it can't be fetched"
        archive = subprocess.run(
            [*store, "archive", "FETCH_HEAD"], check=False, capture_output=True, timeout=300
        )
    if archive.returncode != 0 or len(archive.stdout) > LARGEST:
        return "it is empty or too large"
    unpack(archive.stdout, out / student)
    return ""


def unpack(archive: bytes, folder: Path) -> None:
    """Plain files alone: no links, no devices, no modes, nothing outside of the folder."""
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            target = (folder / member.name).resolve()
            content = files.extractfile(member) if member.isfile() else None
            if content is not None and target.is_relative_to(folder.resolve()):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:]), 1))
