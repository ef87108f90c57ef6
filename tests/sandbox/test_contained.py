"""The second tier, in an ordinary container where no namespaces are to be had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import grader
from grader.sandbox import view
from grader.sandbox.contained import without
from tests.fixtures import ordinary_container
from tests.fixtures.tiny_assignment import RIGHT, make

needs_root = pytest.mark.skipif(
    ordinary_container.available() != "", reason=ordinary_container.available() or "-"
)


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.py"
    file.write_text(RIGHT, encoding="utf-8")
    tmp_path.chmod(0o755)
    return file


@needs_root
def test_strict_is_the_second_tier_where_that_keeps_every_promise(submission: Path, tmp_path: Path) -> None:
    """No namespaces: the whole conformance list is tried once, the submission graded, and the tier recorded.  The
    second time the proof is known."""
    assignment, home, out = make(tmp_path / "assignment"), tmp_path / "home", tmp_path / "result.json"
    home.mkdir()
    command = ["-m", "grader.cli", "run", str(submission), "-a", str(assignment.folder), "--json", str(out)]
    done = ordinary_container.run(command, home)
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    assert (result["run"]["sandbox"], result["score"]) == ("contained", 10)
    (proof,) = (home / ".cache" / "forgeproof-grader").iterdir()
    before = proof.stat().st_mtime_ns
    assert ordinary_container.run(command, home).returncode == 0
    assert proof.stat().st_mtime_ns == before


@needs_root
@pytest.mark.parametrize("namespaces", [False, True])
def test_a_container_does_not_pass_for_a_machine_with_namespaces(tmp_path: Path, namespaces: bool) -> None:
    """Neither one that refuses them, nor one that gives them and covers a part of /proc: every worker would fail."""
    tried = "from grader.sandbox import tiers; print(bool(tiers.obstacle()))"
    done = ordinary_container.run(["-c", tried], tmp_path, namespaces=namespaces)
    assert done.stdout.strip() == "True", done.stderr


@needs_root
def test_nothing_is_left_of_a_worker_that_left_everything_behind(submission: Path, tmp_path: Path) -> None:
    """Daemons that ignore every signal, and files: when the command is over, no process and no folder of it is left."""
    assignment, home = make(tmp_path / "assignment"), tmp_path / "home"
    home.mkdir()
    submission.write_text(LEAVING + RIGHT, encoding="utf-8")
    program = (
        "import os, sys, tempfile\n"
        "from grader.sandbox import tiers\n"
        "tiers.keep_proof()\n"
        "from grader import cli\n"
        f"sys.argv = ['grade', 'run', {str(submission)!r}, '-a', {str(assignment.folder)!r}]\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "users = [os.stat(f'/proc/{pid}').st_uid for pid in os.listdir('/proc') if pid.isdigit()]\n"
        "names = [open(f'/proc/{pid}/comm').read() for pid in os.listdir('/proc') if pid.isdigit()]\n"
        "folders = [name for name in os.listdir(tempfile.gettempdir()) if name.startswith('grade-')]\n"
        "print('LEFT', [u for u in users if u], [n for n in names if 'planted' in n], folders)\n"
    )
    own = tmp_path / "tmp"
    own.mkdir(mode=0o755)
    done = ordinary_container.run(["-c", f"import os; os.environ['TMPDIR'] = {str(own)!r}\n{program}"], home)
    assert "LEFT [] [] []" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
@needs_root
def test_a_card_is_shown_in_the_second_tier_too(tmp_path: Path) -> None:
    """Its node, and what its driver reads and names in /proc; every promise holds with them."""
    done = ordinary_container.run(["-c", WITH_CARD], tmp_path)
    assert "SAID [True, True]" in done.stdout, done.stdout + done.stderr
    assert "BROKEN []" in done.stdout


WITH_CARD = '''
import tempfile
from pathlib import Path
from grader.sandbox.client import start_zygote
from grader.sandbox.conformance import Host, run_all
from grader.sandbox.conformance.trial import PROBE
from grader.sandbox.device import Device
from grader.sandbox.launch import ZygoteProcess
card = Device(kind="cpu", card="pretended", nodes=("/dev/full",))
zygote = start_zygote([PROBE], ZygoteProcess("contained", card))
with tempfile.TemporaryDirectory() as folder:
    answer = Host(zygote, Path(folder)).attack("""
import os, threading
def attack():
    os.close(os.open("/dev/full", os.O_RDWR))
    os.close(os.open(f"/proc/self/task/{threading.get_native_id()}/comm", os.O_RDWR))
    return [os.listdir("/proc/self/task") != [], len(open("/proc/devices").read()) > 0]
""")
    print("SAID", answer.said, answer.error)
    print("BROKEN", [(one.name, one.broken) for one in run_all(zygote, Path(folder)) if one.broken is not None])
zygote.close()
'''


LEAVING = """
import ctypes, os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        ctypes.CDLL(None).prctl(15, b"planted", 0, 0, 0)
        open(os.environ["TMPDIR"] + "/left", "w").write("x")
        os.chdir(os.environ["TMPDIR"])
        for _ in range(1500):  # deeper than Python can recurse
            os.mkdir("d")
            os.chdir("d")
        time.sleep(600)
    os._exit(0)
"""


def test_the_graders_own_package_is_left_out_of_an_environment_that_it_is_installed_in(
    tmp_path: Path,
) -> None:
    """All of the environment but the package, also where a link leads round."""
    package = tmp_path / "lib" / "python" / "grader"
    package.mkdir(parents=True)
    (tmp_path / "lib" / "python" / "torch").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib64").symlink_to("lib")
    assert without(tmp_path, package) == [tmp_path / "bin", tmp_path / "lib" / "python" / "torch"]
    assert without(package, package) == []
    assert without(tmp_path / "bin", package) == [tmp_path / "bin"]


def test_bubblewrap_covers_the_package_where_it_is_installed() -> None:
    """With an empty folder; where it is not in the environment, nothing is needed."""
    package = Path(grader.__file__).resolve().parent
    assert view._covered(["--ro-bind", str(package.parent), str(package.parent)]) == ["--tmpfs", str(package)]
    assert view._covered(["--ro-bind", str(package / "sandbox"), "/usr/lib"]) == []
