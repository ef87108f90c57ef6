"""While a part that forbids operations is asked, nobody computes but who answers."""

from __future__ import annotations

import subprocess
import sys

import pytest

STILL = """
import gc, os, signal, sys, tempfile, time
from grader.sandbox.solitude import fork_alone

order = []
signal.signal(signal.SIGUSR1, lambda *_: order.append("signal"))
os.register_at_fork(after_in_parent=lambda: order.append("hook"))
over = os.path.join(tempfile.mkdtemp(), "over")
sys.settrace(lambda *_: order.append("trace") if os.path.exists(over) else None)
gc.callbacks.append(lambda *_: order.append("gc") if os.path.exists(over) else None)
order.clear()
pid = fork_alone(lambda: [gc.isenabled() or order.append("closed"), [[] for _ in range(100_000)]])
if pid == 0:
    os.kill(os.getppid(), signal.SIGUSR1)
    time.sleep(0.3)
    open(over, "w").close()
    os._exit(order.count("closed"))
_, status = os.waitpid(pid, 0)
print([one for one in order if one != "gc"], order[0], os.waitstatus_to_exitcode(status), gc.isenabled())
"""
WITH_A_THREAD = """
import os, threading, time
from grader.sandbox.solitude import fork_alone

order = []
threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
pid = fork_alone(lambda: order.append("closed"))
if pid == 0:
    os._exit(len(order))
_, status = os.waitpid(pid, 0)
print(order, os.waitstatus_to_exitcode(status))
"""
AT_THE_LAST_MOMENT = """
import os, threading, time
from grader.sandbox.solitude import fork_alone

order = []
os.register_at_fork(before=lambda: threading.Thread(target=time.sleep, args=(1,), daemon=True).start())
pid = fork_alone(lambda: order.append("closed"))
if pid == 0:
    os._exit(len(order))
_, status = os.waitpid(pid, 0)
print(order, os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (STILL, "['closed', 'hook', 'signal'] closed 0 True\n"),
        (WITH_A_THREAD, "['closed'] 1\n"),
        (AT_THE_LAST_MOMENT, "['closed'] 1\n"),
    ],
    ids=["one thread", "more threads", "a thread that a hook starts"],
)
def test_the_forks_parent_does_nothing_before_it_has_closed(program: str, said: str) -> None:
    """Alone it stands still until the child has ended, and then closes before a signal, a hook, a trace or a collection
    of garbage has its turn; with other threads it closes first, so the child finds all closed."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == said, done.stderr
