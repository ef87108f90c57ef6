"""What this machine can give a sandbox, and what would make it give what is missing."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from grader.errors import SandboxUnavailableError
from grader.model import Record
from grader.sandbox import cgroups, gpu, syscalls, view

APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
CLONE = "/proc/sys/kernel/unprivileged_userns_clone"
MOST = "/proc/sys/user/max_user_namespaces"
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_VERSION_FLAG = 1

APPARMOR_REMEDY = """\
Ubuntu 23.10 and later keep user namespaces from programs without an AppArmor profile. As root, once:
    printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap {program} flags=(unconfined) {{ userns, }}\\n' \\
        > /etc/apparmor.d/bwrap && systemctl reload apparmor"""


class Fact(Record, frozen=True):
    """One thing that the wall needs: what was found, whether it will do, and what to do where not."""

    name: str
    found: str
    will_do: bool
    remedy: str = ""


def facts() -> Iterator[Fact]:
    """Everything that the wall is built from, in the order in which it is needed."""
    yield Fact("Python", f"{platform.python_version()} ({sys.executable})", sys.version_info >= (3, 11))
    yield package("torch")
    yield package("numpy")
    yield system()
    yield card()
    if sys.platform == "linux":
        yield bubblewrap()
        yield user_namespaces()
        yield libseccomp()
        yield landlock()
        yield memory()


def card() -> Fact:
    """Which cards are to be seen, and whether this PyTorch could use one.  None is needed."""
    build = gpu.torch_build()
    seen = gpu.cards() if sys.platform == "linux" else []
    names = ", ".join(one.name or "a card" for one in seen)
    if not seen:
        return Fact("GPU", "no NVIDIA card is to be seen; none is needed", True)
    if build.cuda is None:
        remedy = "To grade on it, install PyTorch as built for CUDA. Without that the CPU is used."
        return Fact("GPU", f"{names}; PyTorch {build.torch} is built without CUDA", False, remedy)
    missing = {"control", "memory"} - {gpu.role_of(node, Path("/")) for node in gpu.nvidia_nodes(Path("/"))}
    if missing:
        remedy = "As root: `nvidia-modprobe -u -c 0`; in a container, hand the card in with `--gpus all`."
        return Fact("GPU", f"{names}; /dev/nvidiactl or /dev/nvidia-uvm is missing", False, remedy)
    return Fact("GPU", f"{names}; PyTorch for CUDA {build.cuda}", True)


def package(name: str) -> Fact:
    try:
        return Fact(name, version(name), True)
    except PackageNotFoundError:
        return Fact(name, "not installed", False, f"`pip install {name}`")


def system() -> Fact:
    found = f"{platform.system()} {platform.release()}"
    remedy = "The strict sandbox needs Linux. `--sandbox process` works here, for your own code."
    return Fact("system", found, sys.platform == "linux", remedy)


def bubblewrap() -> Fact:
    try:
        program = view.bubblewrap()
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except SandboxUnavailableError as error:
        return Fact("bubblewrap", "not found", False, error.remedy)
    except (OSError, subprocess.SubprocessError) as error:
        return Fact("bubblewrap", f"does not run: {error}", False, "`apt-get install bubblewrap`")
    return Fact("bubblewrap", f"{said.stdout.strip().removeprefix('bubblewrap ')} ({program})", True)


def user_namespaces() -> Fact:
    """Tried for real, by the very program that will need them."""
    try:
        said = view.can_be_built()
    except SandboxUnavailableError:
        return Fact("user namespaces", "could not be tried without bubblewrap", False, "see bubblewrap")
    if not said:
        return Fact("user namespaces", "can be made", True)
    return Fact("user namespaces", said, False, namespace_remedy())


def namespace_remedy() -> str:
    if setting(APPARMOR) == "1":
        return APPARMOR_REMEDY.format(program=view.bubblewrap())
    if setting(MOST) == "0":
        return "They are turned off. As root: `sysctl user.max_user_namespaces=15000`"
    if setting(CLONE) == "0":
        return "They are turned off. As root: `sysctl kernel.unprivileged_userns_clone=1`"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return (
            "This is a container that may not make namespaces. Start it with "
            "`--security-opt seccomp=unconfined --security-opt systempaths=unconfined`, or grade outside of it."
        )
    return "The kernel refuses them; ask whoever runs this machine, or grade on another."


def setting(file: str) -> str:
    try:
        return Path(file).read_text().strip()
    except OSError:
        return ""


def libseccomp() -> Fact:
    try:
        syscalls.filter_program(local_sockets=True)
    except SandboxUnavailableError as error:
        return Fact("libseccomp", error.reason, False, error.remedy)
    return Fact("libseccomp", "found", True)


def memory() -> Fact:
    """What bounds memory; either will do."""
    missing = cgroups.state()
    if not missing:
        return Fact("memory limits", "a control group for each worker, and the warden", True)
    found = f"the warden; no control groups: {missing}. To have both: `{cgroups.REMEDY}`"
    return Fact("memory limits", found, True)


def landlock() -> Fact:
    libc = ctypes.CDLL(None, use_errno=True)
    abi = libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_VERSION_FLAG)
    if abi >= 1:
        return Fact("Landlock", f"version {abi} of its interface", True)
    reason = os.strerror(ctypes.get_errno())
    remedy = "It needs Linux 5.13 or newer, with `landlock` in the kernel's `lsm=` list."
    return Fact("Landlock", f"not there ({reason})", False, remedy)
