"""What a view is built from, on systems that lay things out each in their own way."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from grader.sandbox import view

NAMES_A_THREAD = """
import threading
def name_it():
    path = f"/proc/self/task/{threading.get_native_id()}/comm"
    with open(path, "w") as file:
        file.write("driver")
    print(open(path).read().strip())
thread = threading.Thread(target=name_it)
thread.start()
thread.join()
"""


def test_of_a_script_before_a_program_the_program_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ubuntu's /sbin/ldconfig is a shell script that runs ldconfig.real; there is no shell in the view to run it."""
    script, program, other = tmp_path / "ldconfig", tmp_path / "ldconfig.real", tmp_path / "other"
    for file in (script, program, other):
        file.touch()
    monkeypatch.setattr(view, "SYSTEM_FILES", (str(script), str(other), str(tmp_path / "missing")))
    shown = view.command(privileged=False, program=())
    places = [(shown[at + 1], shown[at + 2]) for at, part in enumerate(shown) if part == "--ro-bind"]
    assert [place for place in places if place[0].startswith(str(tmp_path))] == [
        (str(program), str(script)),
        (str(other), str(other)),
    ]


def test_what_is_tried_in_a_view_finds_its_own_threads() -> None:
    """By the numbers that they have inside: CUDA's driver names its threads in /proc, or does not start."""
    if reason := view.can_be_built():
        pytest.skip(reason)
    command = view.command(privileged=view.has_root(), program=("-c", NAMES_A_THREAD), own_proc=True)
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.stderr) == ("driver\n", "")
