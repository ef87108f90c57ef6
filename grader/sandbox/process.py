"""The `process` sandbox: a child process with a time limit, for a student's own code on their own machine.

It protects nobody from anything.  It exists so that the same suites, probes and messages work on a laptop with
Linux, macOS or Windows: a worker is a fresh Python process that imports torch, it is not forked, and nothing on
this path needs a call that only POSIX has.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import grader
from grader.errors import SandboxUnavailableError
from grader.sandbox import control, protocol, view
from grader.sandbox.client import START_SECONDS, Worker
from grader.sandbox.device import CPU, Device
from grader.sandbox.launch import CLOSE_SECONDS
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import SourceFile

REMEDY = "Try `python -c 'import torch'` with the same Python: a worker needs no more than that."


class ChildProcesses:
    """Workers as child processes.  Importing torch takes seconds: the first is started ahead, and after a second one
    the next always is."""

    tier = "process"

    def __init__(self, probes: list[SourceFile], device: Device = CPU) -> None:
        self.torch = ""
        self._probes = probes
        self._device = device
        self._ready: Worker | None = None
        self._ahead: Starting | None = Starting(device)

    def wait(self) -> None:
        """Until the torch version is known."""
        if not self.torch:
            self._ready = self._connect(Limits())

    def open(self, limits: Limits) -> Worker:
        """A new worker; SandboxUnavailableError where none starts."""
        ready, self._ready = self._ready, None
        return ready or self._connect(limits)

    def _connect(self, limits: Limits) -> Worker:
        starting = self._ahead or Starting(self._device)
        self._ahead = Starting(self._device) if self.torch else None
        channel = starting.accept()
        prepare = control.Prepare(
            probes=self._probes, system_call_filter=b"", inside_uid=0, outside_uid=0, device=self._device
        )
        channel.sendall(protocol.frame(control.encode_hello(prepare, limits)))
        worker = Worker(channel, Child(starting.process, starting.folder))
        self.torch = worker.greeting(START_SECONDS)
        return worker

    def lives(self) -> bool:
        """Always: each worker is a process of its own."""
        return True

    def close(self) -> None:
        if self._ready is not None:
            self._ready.close()
        if self._ahead is not None:
            self._ahead.cancel()
            self._ahead = None


class Starting:
    """A child that is importing torch and will connect back.

    It connects over the loopback interface to a port that listens for it alone, and sends the secret that it was
    given over its standard input: whoever else connects is turned away.
    """

    def __init__(self, device: Device) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._secret = secrets.token_hex(16)
        self.folder = tempfile.mkdtemp(prefix="grade-")
        grader_at = str(Path(grader.__file__).parent.parent)
        program = (
            f"import sys; sys.path.append({grader_at!r}); from grader.sandbox.importing import import_torch; "
            "import_torch(); from grader.sandbox.child import main; main()"
        )
        fixed = {
            "PYTORCH_JIT": "0",
            "TORCHDYNAMO_DISABLE": "1",
            "MPLBACKEND": "Agg",
            "PYTHONWARNINGS": "ignore",
            **view.card_environment(device),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(self._listener.getsockname()[1]), self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **fixed},
        )
        assert self.process.stdin is not None
        self.process.stdin.write(self._secret.encode() + b"\n")
        self.process.stdin.close()

    def accept(self) -> socket.socket:
        self._listener.settimeout(START_SECONDS)
        try:
            while True:
                channel, _ = self._listener.accept()
                channel.settimeout(START_SECONDS)
                if secrets.compare_digest(received(channel, len(self._secret)), self._secret.encode()):
                    return channel
                channel.close()
        except OSError:
            Child(self.process, self.folder).end()
            raise SandboxUnavailableError("A worker process did not start.", REMEDY) from None
        finally:
            self._listener.close()

    def cancel(self) -> None:
        self._listener.close()
        Child(self.process, self.folder).end()


def received(channel: socket.socket, length: int) -> bytes:
    """So many bytes, or fewer where the other side hangs up before.  (Windows knows no MSG_WAITALL with a time-out.)"""
    found = b""
    while len(found) < length and (more := channel.recv(length - len(found))):
        found += more
    return found


class Child:
    """One worker process, and the folder that it works in."""

    def __init__(self, process: subprocess.Popen[bytes], folder: str) -> None:
        self._process = process
        self._folder = folder

    def end(self) -> str:
        """Its folder goes too: killed, it could not remove it itself."""
        self._process.kill()
        code = self._process.wait(CLOSE_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)
        return f"exited {code}" if code >= 0 else f"killed {-code}"

    def last_words(self, seconds: float) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.end()
