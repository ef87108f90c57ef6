"""Property 4, limits: memory, processes, open files, disk, output and time, each costing the test that hits it."""

from __future__ import annotations

import time

import msgspec

from grader.sandbox.conformance.trial import SMALL, Answer, Host, promise


def stopped(answer: Answer) -> bool:
    """Whether an allocation was refused or its process ended."""
    refused = ("crashed", "raised: MemoryError", "raised: RuntimeError", "raised: OSError", "timeout")
    return answer.error.startswith(refused)


@promise
def memory_in_python(host: Host) -> str | None:
    """Python objects beyond the memory limit can't be had."""
    source = """
    def attack():
        held = []
        while len(held) < 100:
            held.append(bytearray(20 * 2**20))
        return len(held)
    """
    answer = host.attack(source)
    return None if stopped(answer) else f"it got {answer.said} pieces of 20 MB where 300 MB are allowed"


@promise
def memory_in_torch(host: Host) -> str | None:
    """Tensors beyond the memory limit can't be had."""
    source = """
    import torch
    def attack():
        return [torch.ones(5 * 2**20) for _ in range(100)][0].numel()
    """
    answer = host.attack(source)
    return None if stopped(answer) else f"it got 2 GB of tensors where 300 MB are allowed: {answer.said}"


@promise
def memory_of_many_processes(host: Host) -> str | None:
    """Memory spread over processes, or shared between them, counts together."""
    source = """
    import ctypes, mmap, os, time
    def attack(shared):
        if shared:
            held = [mmap.mmap(-1, 50 * 2**20) for _ in range(16)]
            for piece in held:
                for at in range(0, len(piece), 4096):
                    piece[at] = 1
        else:
            for _ in range(8):
                if os.fork() == 0:
                    ctypes.CDLL(None).prctl(15, b"\\xff\\xfe", 0, 0, 0)  # a name that is no text
                    held = bytearray(100 * 2**20)
                    time.sleep(30)
        time.sleep(3)
        return "has it"
    """
    patient = msgspec.structs.replace(SMALL, test_seconds=30)
    for shared in (True, False):
        answer = host.attack(source, limits=patient, shared=shared)
        if not answer.error.startswith("crashed"):
            return f"800 MB where 300 MB are allowed ({shared=}): {answer.said!r} {answer.error}"
    return None


@promise
def memory_behind_files(host: Host) -> str | None:
    """Memory that looks like a file (memfd, /dev/shm, System V) is bounded too."""
    source = """
    import ctypes, os
    def attack():
        libc = ctypes.CDLL(None, use_errno=True)
        got = []
        try:
            os.memfd_create("x")
            got.append("memfd")
        except OSError:
            pass
        if libc.shmget(0, 2**20, 0o1600) >= 0:
            got.append("shmget")
        written = 0
        try:
            with open("/dev/shm/x", "wb", buffering=0) as file:
                while written < 600:
                    written += file.write(bytes(2**20)) >> 20
        except OSError:
            pass
        return got + ([f"{written} MB of /dev/shm"] if written > 310 else [])
    """
    answer = host.attack(source)
    return f"it got {answer.said}" if answer.said not in ([], None) else None


@promise
def scratch_size(host: Host) -> str | None:
    """Scratch holds so many megabytes, or whoever writes more is ended; many empty files don't get round it."""
    source = """
    import os, time
    scratch = os.environ["TMPDIR"]
    def attack(empty):
        written = files = 0
        try:
            for number in range(100_000 if empty else 100):
                with open(f"{scratch}/{number}", "wb", buffering=0) as file:
                    files += 1
                    for _ in range(0 if empty else 4):
                        written += file.write(bytes(2**20))
                if number % 4 == 0:
                    time.sleep(0.005)
        except OSError:
            pass
        return [written >> 20, files]
    """
    for empty in (False, True):
        answer = host.attack(source, empty=empty, limits=msgspec.structs.replace(SMALL, test_seconds=30))
        bounded = (
            isinstance(answer.said, list) and answer.said[0] <= SMALL.scratch_mb and answer.said[1] < 5000
        )
        if not bounded and not answer.error.startswith("crashed"):
            return f"it wrote {answer.said} MB and files {answer.error}"
    return None


@promise
def open_files(host: Host) -> str | None:
    """So many files can be open and no more."""
    source = """
    def attack():
        held = []
        try:
            while len(held) < 5000:
                held.append(open("/dev/null"))
        except OSError:
            pass
        return len(held)
    """
    said = host.attack(source).said
    return None if isinstance(said, int) and said <= SMALL.open_files else f"it opened {said}"


@promise
def output(host: Host) -> str | None:
    """What it prints beyond the bound is dropped, and printing goes on undisturbed."""
    source = """
    import os, sys
    def attack():
        for _ in range(20_000):
            print("x" * 1000)
            sys.stderr.write("y" * 1000)
        for descriptor in (1, 2):
            os.write(descriptor, b"z" * 10_000_000)
        return "printed"
    """
    answer = host.attack(source)
    if answer.said != "printed" or len(answer.printed) > SMALL.output_kb * 1024:
        return f"{answer.said} {answer.error}, {len(answer.printed)} characters kept"
    return None


@promise
def wall_time(host: Host) -> str | None:
    """A loop without end, in Python or in C with the interpreter's lock held, is ended at the time limit."""
    source = """
    import re
    def attack(how):
        if how == "python":
            while True:
                pass
        re.match("(a+)+$", "a" * 64 + "b")
    """
    for how in ("python", "c"):
        started = time.monotonic()
        answer = host.attack(source, how=how)
        took = time.monotonic() - started
        if not answer.error.startswith("timeout") or took > 20:
            return f"{how}: {answer.said} {answer.error} after {took:.0f} s"
    return None


@promise
def swallowed_exceptions(host: Host) -> str | None:
    """Catching every exception, and ignoring SIGTERM and SIGINT, does not prolong a turn."""
    source = """
    import signal, time
    def attack():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        while True:
            try:
                time.sleep(1)
            except BaseException:
                pass
    """
    started = time.monotonic()
    answer = host.attack(source)
    took = time.monotonic() - started
    return None if answer.error.startswith("timeout") and took < 20 else f"{answer.error} after {took:.0f} s"
