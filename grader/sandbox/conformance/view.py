"""Property 1, the view: what a worker sees, and where it can write."""

from __future__ import annotations

import os
from pathlib import Path

from grader.sandbox.conformance.trial import Host, call, promise
from grader.sandbox.protocol import Sequence
from grader.sandbox.view import environment

READ = """
def attack(paths):
    seen = []
    for path in paths:
        try:
            import os
            os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
            seen.append(path)
        except OSError:
            pass
    return seen
"""


def paths(*candidates: str | Path) -> Sequence:
    return Sequence(type="list", items=[str(path) for path in candidates])


@promise
def the_graders_files(host: Host) -> str | None:
    """The hidden suite, the gradebook, other submissions and every other file of the grader's are not there."""
    secret = host.secret_folder / "hidden-suite.py"
    secret.write_text("expected = 42\n")
    package = Path(__file__).resolve().parents[2]
    own = (package / "score" / "scoring.py", package / "examine" / "suite.py", package / "cli.py")
    seen = host.attack(READ, paths=paths(secret, secret.parent, *own)).said
    return f"it read {seen}" if seen != [] else None


@promise
def the_home_folder(host: Host) -> str | None:
    """The home folder, other people's and the system's secrets are not there."""
    home = Path.home()
    # the folders that lead to the Python environment are there, and empty but for it
    candidates = [*home.glob(".[a-z]*rc"), *home.glob(".ssh"), *home.glob(".config"), Path("/etc/passwd")]
    seen = host.attack(READ, paths=paths(*candidates, "/etc/shadow", "/var", "/home", "/boot", "/run")).said
    return f"it read {seen}" if seen != [] else None


@promise
def the_hosts_environment(host: Host) -> str | None:
    """The host's environment variables are in no process that it can look at."""
    source = """
    import glob, os
    def attack():
        found = [f"{name}={value}" for name, value in os.environ.items()]
        for file in glob.glob("/proc/*/environ"):
            try:
                found += open(file, "rb").read().decode(errors="replace").split("\\0")
            except OSError:
                pass
        return found
    """
    found = host.attack(source).said
    fixed = ("PWD", "_", *environment(""))
    own = {f"{name}={value}" for name, value in os.environ.items() if name not in fixed}
    if not isinstance(found, list):
        return "the check itself failed"
    leaked = sorted(own.intersection(found))
    return f"it read {leaked[0].partition('=')[0]} and {len(leaked) - 1} more" if leaked else None


@promise
def other_processes_in_proc(host: Host) -> str | None:
    """/proc shows the worker's own processes and nobody else's, if it shows any."""
    source = """
    import os
    def attack():
        try:
            return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
        except PermissionError:
            return []
    """
    seen = host.attack(source).said
    return None if isinstance(seen, list) and len(seen) <= 4 else f"it saw {seen}"


@promise
def writing(host: Host) -> str | None:
    """It can write to its scratch folder and to nothing else: not to the environment, the probes, its submission."""
    source = """
    import os, sys
    def attack():
        places = {"/", "/usr/lib", "/etc", "/grade", "/grade/grader/sandbox", "/submission", "/dev", sys.prefix,
                  "/proc/sys/kernel", "/proc/1", os.path.dirname(os.__file__), "/root", "/home", "/var", "/run"}
        written = []
        for place in sorted(places):
            try:
                with open(os.path.join(place, "planted"), "w") as file:
                    file.write("x")
                written.append(place)
            except OSError:
                pass
        for name in ("/proc/sys/kernel/hostname", "/proc/self/oom_score_adj", "/proc/1/oom_score_adj", os.__file__):
            try:
                open(name, "r+").write("1")
                written.append(name)
            except OSError:
                pass
        with open(os.path.join(os.environ["TMPDIR"], "scratch"), "w") as file:
            file.write("fine")
        return written
    """
    answer = host.attack(source)
    return f"it wrote to {answer.said} {answer.error}" if answer.said != [] else None


@promise
def scratch_is_private(host: Host) -> str | None:
    """What one worker writes to scratch, another never sees."""
    write = """
    import os
    def attack():
        with open(os.environ["TMPDIR"] + "/left", "w") as file:
            file.write("x")
        return os.environ["TMPDIR"]
    """
    look = """
    import os
    def attack(other):
        seen = []
        for folder in (os.environ["TMPDIR"], os.path.dirname(os.path.dirname(other)), "/dev/shm"):
            try:
                seen += os.listdir(folder) if folder != "/" else []
            except OSError:
                pass
        try:
            seen.append(open(other + "/left").read())
        except OSError:
            pass
        return seen
    """
    with host.worker(write) as worker:
        place = call(worker, 5).said
        seen = host.attack(look, other=place).said
    return f"it saw {seen}" if seen != [] else None


@promise
def new_mounts_and_namespaces(host: Host) -> str | None:
    """It can't mount, take namespaces, change its root or gain rights, and it can execute nothing."""
    source = """
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    def attack():
        done = []
        for flag in (0x10000000, 0x00020000, 0x40000000, 0x20000000):
            if libc.unshare(flag) == 0:
                done.append(f"unshare {flag:x}")
        scratch = os.environ["TMPDIR"].encode()
        if libc.mount(b"none", scratch, b"tmpfs", 0, None) == 0:
            done.append("mount")
        if libc.chroot(scratch) == 0:
            done.append("chroot")
        for program in ("/sbin/ldconfig", "/proc/self/exe", "/usr/lib/ld-linux-x86-64.so.2"):
            pid = os.fork()
            if pid == 0:
                try:
                    os.execv(program, [program, "--version"])
                finally:
                    os._exit(99)
            if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 99:
                done.append(f"execute {program}")
        header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        libc.capget(header, sets)
        if any(sets):
            done.append(f"capabilities {list(sets)}")
        if any(libc.prctl(23, number, 0, 0, 0) == 1 for number in range(64)):
            done.append("capabilities in the bounding set")
        for name, question, wanted in (("no new privileges", 39, 1), ("a system call filter", 21, 2)):
            if libc.prctl(question, 0, 0, 0, 0) != wanted:
                done.append(f"it lacks {name}")
        return done
    """
    answer = host.attack(source)
    return f"{answer.said} {answer.error}" if answer.said != [] else None
