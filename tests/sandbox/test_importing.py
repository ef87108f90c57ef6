"""Torch, imported in less time, is the torch that everybody has."""

from __future__ import annotations

import subprocess
import sys

BEGIN = "import gc, inspect, sys; search = inspect.getmodule\n"
QUICKLY = "from grader.sandbox.importing import import_torch; import_torch()\n"
AS_USUAL = "import torch\n"
TELL = """
names = sorted(name for name in sys.modules if name.partition(".")[0] == "torch")
operators = torch._C._dispatch_get_all_op_names()
fakes = [torch._library.simple_registry.singleton.find(name).fake_impl.kernel for name in sorted(operators)]
print([names, sorted(operators), [fake and fake.source for fake in fakes]])
"""


def said(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_that_torch_has_registered_is_the_same() -> None:
    """Its modules, its operators, and where it says that each was given its shape's formula."""
    quickly = said(BEGIN + QUICKLY + "import torch\n" + TELL)
    assert ".py:" in quickly
    assert quickly == said(BEGIN + AS_USUAL + TELL)


def test_nobody_else_is_told_otherwise() -> None:
    """`inspect` is as it was, and the collection of garbage is left off for who imports more."""
    said(BEGIN + QUICKLY + "assert inspect.getmodule is search and not gc.isenabled()")


def test_the_files_of_all_modules_are_not_compared() -> None:
    """Which is what took the time."""
    count = (
        "seen = []; search_file = inspect.getabsfile\n"
        "inspect.getabsfile = lambda *given: (seen.append(1), search_file(*given))[1]\n"
    )
    many = int(said(BEGIN + count + AS_USUAL + "print(len(seen))"))
    assert int(said(BEGIN + count + QUICKLY + "print(len(seen))")) < many / 10
