"""The zygote's process, as who starts it sees it.

It is started first of all, since importing torch takes longest, and hears later what workers will hold.  Whoever wants
workers of it is given a line of their own: the one examiner of `grade run`, or each job of a batch.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import grader
from grader.sandbox import cgroups, contained, view
from grader.sandbox.device import CPU, Device

if TYPE_CHECKING:
    import subprocess

    from grader.sandbox.protocol import ForbiddenRule, SourceFile

STRANGER = 2_147_418_112
"""The user id that workers get where the grader runs as root: nobody's, far from any real one."""

INSIDE_UID = 1000
CLOSE_SECONDS = 10.0
PROGRAM = (
    "import sys; sys.path.insert(0, {folder!r}); from grader.sandbox.importing import import_torch; import_torch(); "
    "from grader.sandbox.zygote import main; main()"
)


@contextlib.contextmanager
def early(tier: str, device: Device = CPU) -> Iterator[ZygoteProcess | None]:
    """The zygote of this tier, if it has one, under way before anything else is looked at."""
    if tier == "process":
        yield None
        return
    with cgroups.entered(), ZygoteProcess(tier, device) as process:
        yield process


class ZygoteProcess:
    """One bubblewrap process that imports torch while the caller goes on.  As a context manager it is ended at last.

    Raises SandboxUnavailableError where bubblewrap can't be executed.
    """

    def __init__(self, tier: str = "strict", device: Device = CPU) -> None:
        self.tier = tier
        self.device = device
        self._privileged = view.has_root()
        self._contained = contained.arrangement(device) if tier == "contained" else None
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = self._start(theirs.fileno())
        self._complaint: str | None = None

    def __enter__(self) -> ZygoteProcess:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _start(self, channel: int) -> subprocess.Popen[bytes]:
        if self._contained is not None:
            program = ("-c", PROGRAM.format(folder=str(Path(grader.__file__).parent.parent)), str(channel))
            environment = view.environment(self._contained.folder, self.device)
            return view.start(contained.command(program), (channel,), environment)
        program = ("-c", PROGRAM.format(folder=view.INSIDE), str(channel))
        command = view.command(privileged=self._privileged, program=program, device=self.device)
        return view.start(command, (channel,))

    def prepare(
        self,
        probes: list[SourceFile],
        rules: Sequence[tuple[ForbiddenRule, ...]] = (),
        *,
        many: bool = False,
    ) -> None:
        """Tell it what every worker will hold, under which sets of rules, and whether there will be many; once, before
        any is asked for."""
        from grader.sandbox import control
        from grader.sandbox.syscalls import filter_program

        local = self._contained is None
        prepare = control.Prepare(
            probes=probes,
            system_call_filter=filter_program(local_sockets=local),
            starting_filter=filter_program(local_sockets=local, card_starts=True)
            if self.device.card
            else b"",
            device=self.device,
            inside_uid=INSIDE_UID if self._privileged else os.geteuid(),
            outside_uid=STRANGER if self._privileged else os.geteuid(),
            contained=self._contained,
            rules=tuple(rules),
            many=many,
        )
        with contextlib.suppress(OSError):  # that it is gone shows when it is waited for
            control.send(self._channel, prepare)

    def connect(self) -> socket.socket:
        """A line of one's own, for `Zygote`."""
        from grader.sandbox import control

        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, contextlib.suppress(OSError):
            control.send(self._channel, control.Connect(), (theirs.fileno(),))
        return ours

    def lives(self) -> bool:
        return self._process.poll() is None

    def complaint(self) -> str:
        """Why it did not start or live on, in its own last words; it is ended."""
        if self._complaint is None:
            self._kill()
            _, said = self._process.communicate(timeout=CLOSE_SECONDS)
            lines = said.decode(errors="replace").strip().splitlines()
            self._complaint = lines[-1] if lines else "it gave no reason."
        return self._complaint

    def _kill(self) -> None:
        """Kill it, and bubblewrap's child by itself: until that has set itself up it does not die with its parent."""
        if self._process.poll() is None and self._contained is None:
            self._process.send_signal(signal.SIGSTOP)  # so that it makes no more children
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            for child in children_of(self._process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        self._process.kill()

    def close(self) -> None:
        """End it, and with it every worker."""
        self._channel.close()
        self._kill()  # it holds nothing that would need to be put away
        self._process.wait(CLOSE_SECONDS)
        if self._process.stderr is not None:
            self._process.stderr.close()
        if self._contained is not None:
            from grader.sandbox import linux

            linux.remove_tree(self._contained.folder)


def children_of(process: int) -> list[int]:
    """The processes that it has started and that have not been waited for."""
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []
