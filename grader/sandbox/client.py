"""The trusted side's hold on its zygote and its workers.

A `Zygote` forks them inside bubblewrap; `open` gives a `Worker` with a student's module in it.  Every wait has a
deadline; every way in which a worker can fail to answer is a `WorkerError` that says which.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from typing import Final, NoReturn, Protocol

from grader.errors import SandboxUnavailableError
from grader.sandbox import cgroups, control, protocol, view
from grader.sandbox.launch import CLOSE_SECONDS, ZygoteProcess
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import (
    Absent,
    Answered,
    Call,
    Exited,
    Finish,
    ForbiddenRule,
    Fork,
    Forked,
    Load,
    Loaded,
    ProtocolError,
    Raised,
    Refused,
    Reply,
    Request,
    SourceFile,
)

START_SECONDS = 120.0
LOST = "lost"
CHUNK = 1 << 16


class WorkerError(Exception):
    """A worker that can't answer any more.  `kind` is "timeout", "crashed", "garbled" or "lost": no doing of
    the student's; `detail` a reason in a few words, from the grader's own observation."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class Sandbox(Protocol):
    """Where workers come from.  `tier` is what results record: "strict", "process", ..."""

    tier: str
    torch: str

    def wait(self) -> None: ...

    def open(self, limits: Limits) -> Worker: ...

    def lives(self) -> bool:
        """Whether there can be any more workers."""

    def close(self) -> None: ...


class Zygote:
    """The strict sandbox: workers forked from one process inside bubblewrap."""

    def __init__(
        self,
        line: socket.socket,
        *,
        tier: str = "strict",
        core: int | None = None,
        process: ZygoteProcess | None = None,
    ) -> None:
        """Workers over this line to a zygote of this tier, pinned to one processor if `core` says so; `process` where
        it is this sandbox's own, to be ended with it."""
        self.tier = tier
        self.torch = ""
        self._line = line
        self._core = core
        self._process = process
        self._groups = cgroups.present()

    def wait(self) -> None:
        """Until it is ready to fork; SandboxUnavailableError where it does not get ready."""
        if self.torch:
            return
        self._line.settimeout(START_SECONDS)
        try:
            message, _ = control.receive(self._line)
        except (TimeoutError, OSError):
            message = None
        if not isinstance(message, control.Ready):
            why = "the zygote is gone." if self._process is None else self._process.complaint()
            raise SandboxUnavailableError(f"The sandbox did not start: {why}", view.REMEDY)
        self.torch = message.torch

    def open(self, limits: Limits) -> Worker:
        """A new walled worker; SandboxUnavailableError where the wall can't be built."""
        self.wait()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        report, their_report = os.pipe()
        group = self._groups.worker(limits) if self._groups is not None else None
        try:
            message = control.Open(limits=limits, core=self._core)
            with group.door() if group is not None else contextlib.nullcontext() as door:
                descriptors = (theirs.fileno(), their_report, *([door] if door is not None else []))
                control.send(self._line, message, descriptors)
            answer, received = control.receive(self._line)
        except OSError as error:
            answer, received = control.Failed(reason=f"the zygote is gone ({error})"), []
        finally:
            theirs.close()
            os.close(their_report)
        if isinstance(answer, control.Opened) and received:
            ending = signal.SIGKILL if self.tier == "strict" else signal.SIGTERM
            return Worker(ours, WardenProcess(received[0], report, ending, group))
        if group is not None:
            group.close()
        ours.close()
        os.close(report)
        reason = answer.reason if isinstance(answer, control.Failed) else "the zygote is gone"
        raise SandboxUnavailableError(f"The wall could not be built: {reason}.", view.REMEDY)

    def lives(self) -> bool:
        """Whether the zygote at the other end still does."""
        ends = select.poll()
        ends.register(self._line, 0)
        return not ends.poll(0)

    def close(self) -> None:
        """Hang up; every worker opened here ends."""
        self._line.close()
        if self._process is not None:
            self._process.close()


def start_zygote(
    probes: list[SourceFile],
    process: ZygoteProcess | None = None,
    rules: Sequence[tuple[ForbiddenRule, ...]] = (),
) -> Zygote:
    """A zygote of one's own, or the one that was started earlier; it gets ready while the caller goes on.

    Raises SandboxUnavailableError where bubblewrap can't be executed.
    """
    process = process or ZygoteProcess()
    process.prepare(probes, rules)
    return Zygote(process.connect(), tier=process.tier, process=process)


class WardenProcess:
    """The process whose end is the end of everything in a worker's namespace; the second tier's has to be asked, and
    sees to it itself."""

    def __init__(
        self, pidfd: int, report: int, ending: signal.Signals, group: cgroups.Group | None = None
    ) -> None:
        self._pidfd = pidfd
        self._report = report
        self._ending = ending
        self._group = group

    def end(self) -> str:
        """Kill everything, wait until it is gone, and return the warden's report ("" if it made none)."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, self._ending)
        select.select([self._pidfd], [], [], CLOSE_SECONDS)
        report = os.read(self._report, 4096).decode(errors="replace")
        os.close(self._pidfd)
        os.close(self._report)
        outgrown = self._group.close() if self._group is not None else ""
        return outgrown or report  # who outgrows the group dies with the warden

    def last_words(self, seconds: float) -> str:
        """The report of a worker that is ending by itself, waited for a moment, then as `end`; `LOST` where the warden
        has ended without any, which no student's code can bring about: somebody has killed it."""
        ended, _, _ = select.select([self._pidfd], [], [], seconds)
        return self.end() or (LOST if ended else "")


class WorkerProcess(Protocol):
    """What a worker runs in."""

    def end(self) -> str:
        """End it and everything that it has started; its last report."""

    def last_words(self, seconds: float) -> str:
        """The report of one that is ending by itself, waited for this long; then as `end`."""


class Worker:
    """One student's module in its sandbox, spoken to over one socket."""

    def __init__(self, channel: socket.socket, process: WorkerProcess) -> None:
        self._channel = channel
        self._process = process
        self._forked = False
        self._unread = bytearray()
        self.open = True

    def greeting(self, seconds: float) -> str:
        """The torch version, which a worker without a zygote sends first."""
        deadline = time.monotonic() + seconds
        try:
            header = self._read(protocol.HEADER.size, deadline)
            return self._read(protocol.body_length(header, 100), deadline).decode(errors="replace")
        except (TimeoutError, ProtocolError, OSError):
            self.fail("crashed", "it did not greet")

    def load(self, load: Load, seconds: float) -> Loaded | Raised:
        """Load the module; WorkerError where that does not end well."""
        reply = self._ask(load, seconds)
        return reply if isinstance(reply, Loaded | Raised) else self._out_of_turn()

    def call(self, call: Call, seconds: float) -> Answered | Raised | Absent | Refused:
        """Run a probe in the present fork, or in a new one; WorkerError where it is not answered."""
        deadline = time.monotonic() + seconds
        if not self._forked:
            self._fork(seconds)
        reply = self._ask(call, max(0.0, deadline - time.monotonic()))
        if isinstance(reply, Exited):
            self._forked = False
            raise WorkerError("crashed", ending(reply.status))
        if not isinstance(reply, Answered | Raised | Absent | Refused):
            self._out_of_turn()
        if reply.id != call.id:
            self.fail("garbled", "it answered another question")
        if isinstance(reply, Answered) and len(reply.cases) != len(call.cases):
            self.fail("garbled", "it answered another number of cases")
        return reply

    def finish_fork(self, seconds: float = 5.0) -> None:
        """End the present fork, so that the next call gets a fresh one."""
        if self._forked:
            self._forked = False
            if not isinstance(self._ask(Finish(), seconds), Exited):
                self._out_of_turn()

    def close(self) -> None:
        """End every process of this worker."""
        if self.open:
            self.open = False
            self._channel.close()
            self._process.end()

    def _fork(self, seconds: float) -> None:
        reply = self._ask(Fork(), seconds)
        if not isinstance(reply, Forked):
            self._out_of_turn()
        self._forked = True

    def _out_of_turn(self) -> NoReturn:
        self.fail("garbled", "it answered out of turn")

    def _ask(self, request: Request, seconds: float) -> Reply:
        """Send one request and wait for one reply; WorkerError where none comes that the protocol knows."""
        deadline = time.monotonic() + seconds
        try:
            self._send(protocol.encode(request), deadline)
            return self._receive(deadline)
        except TimeoutError:
            self.fail("timeout", f"{seconds:.0f} s")
        except ProtocolError as error:
            self.fail("garbled", str(error))
        except OSError as error:
            self.fail("crashed", str(error))

    def _send(self, frame: bytes, deadline: float) -> None:
        self._channel.settimeout(remaining(deadline))
        self._channel.sendall(frame)

    def _receive(self, deadline: float) -> Reply:
        header = self._read(protocol.HEADER.size, deadline)
        return protocol.decode_reply(self._read(protocol.body_length(header), deadline))

    def _read(self, length: int, deadline: float) -> bytes:
        while len(self._unread) < length:
            self._channel.settimeout(remaining(deadline))
            chunk = self._channel.recv(CHUNK)
            if not chunk:
                self._end_of_stream()
            self._unread += chunk
        read = bytes(self._unread[:length])
        del self._unread[:length]
        return read

    def _end_of_stream(self) -> NoReturn:
        self.open = False
        self._channel.close()
        self._crashed(self._process.last_words(1.0))

    def _crashed(self, report: str, otherwise: str = "") -> NoReturn:
        if report == LOST:
            raise WorkerError("lost", "the sandbox's processes were ended from outside")
        raise WorkerError("crashed", warden_says(report) if report or not otherwise else otherwise)

    def fail(self, kind: str, detail: str) -> NoReturn:
        """End the worker and say why."""
        self.open = False
        self._channel.close()
        if kind == "crashed":
            self._crashed(self._process.last_words(1.0), detail)
        report = self._process.end()
        raise WorkerError(kind, warden_says(report) if report and kind != "timeout" else detail)


def remaining(deadline: float) -> float:
    """Seconds until the deadline; TimeoutError where it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def ending(status: int) -> str:
    """How a process ended, in words; a negative status is the signal that killed it."""
    if status >= 0:
        return f"it ended itself with exit status {status}"
    try:
        return f"it was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"it was killed by signal {-status}"


OUTGROWN: Final = {
    "memory": "it used {} MB of memory; it may use {} MB",
    "scratch": "it wrote {} MB to its scratch folder; it may write {} MB",
    "files": "it wrote {} files to its scratch folder; it may write {}",
    "processes": "it ran {} processes; it may run {}",
}
"""What the warden says of a limit that was outgrown, with what was used and what is allowed."""


def warden_says(report: str) -> str:
    """The warden's line in words."""
    kind, *numbers = report.splitlines()[0].split(" ") if report else [""]
    if not all(number.lstrip("-").isdigit() for number in numbers):
        return report
    if kind == "depth":
        return "it put folders into each other in its scratch folder, deeper than the system can name"
    if kind in OUTGROWN and len(numbers) == 2:
        return OUTGROWN[kind].format(*numbers)
    if kind in ("exited", "killed") and len(numbers) == 1:
        return ending(int(numbers[0]) * (1 if kind == "exited" else -1))
    return report or "its processes ended"
