"""Optimizers work without torch's compiler being imported, and whoever asks for the compiler gets it."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = "import sys, torch; from grader.sandbox.compiler import defer_compiler; defer_compiler()\n"
LIGHT = "assert 'sympy' not in sys.modules and 'torch._dynamo.eval_frame' not in sys.modules\n"
TRAIN = """
x = torch.nn.Parameter(torch.ones(3))
optimizer = torch.optim.NAME([x], lr=0.5)
for _ in range(2):
    optimizer.zero_grad()
    (x * x).sum().backward()
    optimizer.step()
optimizer.load_state_dict(optimizer.state_dict())
assert x[0] < 1
"""


def run(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_an_optimizer_does_not_import_the_compiler(name: str) -> None:
    """It steps, and saves and loads its state."""
    run(BEGIN + TRAIN.replace("NAME", name) + LIGHT)


@pytest.mark.parametrize(
    "use",
    [
        "assert torch.compile(torch.nn.Linear(2, 2), backend='eager')(torch.ones(1, 2)).shape == (1, 2)",
        "import torch._dynamo.config; assert isinstance(torch._dynamo.config.recompile_limit, int)",
        "import torch._dynamo; torch._dynamo.reset()",
        "from torch._dynamo import optimize",
    ],
)
def test_who_asks_for_the_compiler_gets_it(use: str) -> None:
    """After an optimizer has been used without it."""
    run(BEGIN + TRAIN.replace("NAME", "SGD") + LIGHT + use)


def test_looking_through_all_modules_imports_nothing() -> None:
    """As `inspect` does for whoever asks where something was defined."""
    run(
        BEGIN
        + "import inspect\nfor module in list(sys.modules.values()):\n    inspect.getmodule(module)\n"
        + LIGHT
    )
