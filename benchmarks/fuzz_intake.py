"""Mutated notebooks, modules and zips through intake: what it raises, how long it takes, how much memory.

    python benchmarks/fuzz_intake.py [COUNT] [SEED]

Prints a line per kind of mutation and a summary; exit status 1 if anything but a `Submission` or an
`Unreadable` came back, or one took more than 2 s of processor time or 500 MB (the process's peak).
The same seed gives the same mutations.
"""

from __future__ import annotations

import io
import json
import random
import resource
import sys
import tempfile
import time
import traceback
import zipfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.intake import Contract, Submission, Unreadable, code_of, find_forbidden, read_submission
from grader.sandbox.protocol import ForbiddenRule

SECONDS = 2.0
MEGABYTES = 500
CONTRACT = Contract(names=("Linear", "Conv2d", "mse_loss", "train", "CNN"), packages=("tqdm", "matplotlib"))
RULES = (ForbiddenRule(names=("torch.nn.Linear", "torch.nn.functional.*", "torch.optim.*"), instead="it"),)

CELLS = (
    "%matplotlib inline\n!pip install torch \\\n  numpy\nimport torch, wandb\nfrom torch import nn\n",
    "import torch.nn.functional as F\nfrom helper import *\nSCALE = {'a': 1.0}\nSCALE['b'] = 2; x = 5\n",
    "class Linear(nn.Module):\n    def __init__(self, i, o):\n        super().__init__()\n"
    "        self.weight = nn.Parameter(torch.rand(o, i))\n\n    def forward(self, x):\n"
    "        return x @ self.weight.T + SCALE['b']\n\nprint(Linear(3, 4)(torch.ones(3)))",
    "def broken(:\n    pass",
    "%%time\nif True:\n    def mse_loss(p, t):\n        f = getattr(F, 'mse' + '_loss')\n"
    "        return f(p, t)\nelse:\n    z = (1,\n  2)\n",
    "def fwd(self, x, *, lin=F.linear, **k):\n    return [lin(y) for y in (lambda q: q)(x) if (n := 3)]\n"
    "Linear.forward = fwd\ndel x",
    "try:\n    from tqdm import tqdm\nexcept ImportError as e:\n    tqdm = lambda it: it\n",
    "class CNN(nn.Module):\n    layers = [Linear(i, 2) for i in range(3)]\n\n"
    "def train(model, lr: float = 0.1):\n    global seen\n    seen = 1\n    for b in tqdm(range(3)):\n"
    "        match b:\n            case [a, *rest]:\n                yield a\n"
    "\nif __name__ == '__main__':\n    train(3)",
    "%%writefile helper.py\ndef helper(x):\n    return F.linear(x)\n",
    "for i in range(10):\n    globals()[f'n{i}'] = i\nLinear?",
)
MODULE = "\n".join(cell for cell in CELLS if cell[0] not in "%" and "broken" not in cell and "?" not in cell)


@dataclass
class Tally:
    """What happened so far; `troubles` are tracebacks and excesses."""

    runs: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    read: int = 0
    slowest: float = 0.0
    troubles: list[str] = field(default_factory=list)


def notebook_json() -> dict[str, Any]:
    """A notebook as it is on disk, with an output and a text cell."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "source": text, "outputs": [], "execution_count": at, "metadata": {}}
        for at, text in enumerate(CELLS)
    ]
    cells.insert(1, {"cell_type": "markdown", "source": ["# hw8\n", "text"], "metadata": {}})
    cells[0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x"] * 5}]
    return {
        "cells": cells,
        "metadata": {"kernelspec": {"language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def mutated_bytes(rng: random.Random, data: bytes) -> bytes:
    """Some bytes flipped, removed, doubled, or taken from a list of awkward ones."""
    content = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        at = rng.randrange(len(content) + 1)
        what = rng.randrange(5)
        if what == 0 and at < len(content):
            content[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            del content[at : at + rng.choice((1, 2, 10, 200))]
        elif what == 2:
            content[at:at] = content[at : at + rng.choice((1, 20, 300))] * rng.choice((1, 2, 10))
        elif what == 3:
            content[at:at] = rng.choice(AWKWARD)
        else:
            other = rng.randrange(len(content) + 1)
            content[at:at] = content[other : other + 40]
    return bytes(content)


AWKWARD = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b"\x0c", b"\r", b"\\", b"(" * 250, b"[" * 90,
    b'"""', b"'", b"#", b"%%", b"!", b"?", b";", b"\t", b" " * 7, b"lambda:" * 150, b"-" * 3000, b"a." * 3000,
    b"from x import *\n", b"@", b"async ", b"await ", b"yield ", b"nonlocal x\n", b"return\n", b"\xe2\x80\xa8",
    b"exec('1')\n", b"*", b":=", b"f'{", b"if 1:\n", b"\n\n", b"x" * 3000, b"NaN", b"null", b"{}", b"1e999",
)  # fmt: skip


def mutated_json(rng: random.Random, data: Any) -> Any:
    """A JSON value with a few places replaced, removed, repeated or moved."""
    data = json.loads(json.dumps(data))
    for _ in range(rng.choice((1, 2, 4))):
        parent = _some_container(rng, data)
        keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
        if not keys:
            continue
        key = rng.choice(keys)
        what = rng.randrange(4)
        if what == 0:
            del parent[key]
        elif what == 1:
            parent[key] = rng.choice(
                (None, 0, -1.5, "", "x", [], {}, True, [[]], {"a": {}}, "def f(:", 10**30)
            )
        elif what == 2:
            parent[key] = parent[rng.choice(keys)]
        elif isinstance(parent, list):
            rng.shuffle(parent)
    return data


def _some_container(rng: random.Random, data: Any) -> Any:
    node = data
    while True:
        inside = [
            child
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not inside or rng.random() < 0.25:
            return node
        node = rng.choice(inside)


def mutated_cells(rng: random.Random) -> dict[str, Any]:
    """The notebook with cells shuffled, dropped, cut off, or with lines of one moved into another."""
    notebook = notebook_json()
    lines = [line for cell in CELLS for line in cell.splitlines(keepends=True)]
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        what = rng.randrange(6)
        if what == 0:
            text = text[: rng.randrange(len(text) + 1)]
        elif what == 1:
            own = text.splitlines(keepends=True)
            own.insert(rng.randrange(len(own) + 1), rng.choice(lines))
            text = "".join(own)
        elif what == 2:
            text = mutated_bytes(rng, text.encode()).decode("utf-8", "replace")
        cell["source"] = text
    rng.shuffle(notebook["cells"])
    return notebook


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


KINDS: dict[str, tuple[str, Callable[[random.Random], bytes]]] = {
    "notebook, bytes": ("hw8.ipynb", lambda rng: mutated_bytes(rng, json.dumps(notebook_json()).encode())),
    "notebook, truncated": ("hw8.ipynb", lambda rng: _truncated(rng, json.dumps(notebook_json()).encode())),
    "notebook, structure": ("hw8.ipynb", lambda rng: json.dumps(mutated_json(rng, notebook_json())).encode()),
    "notebook, cells": ("hw8.ipynb", lambda rng: json.dumps(mutated_cells(rng)).encode()),
    "module, bytes": ("hw8.py", lambda rng: mutated_bytes(rng, MODULE.encode())),
    "module, truncated": ("hw8.py", lambda rng: _truncated(rng, MODULE.encode())),
    "module, encodings": (
        "hw8.py",
        lambda rng: mutated_bytes(
            rng, MODULE.encode(rng.choice(("utf-16", "utf-32", "utf-8-sig", "utf-16-le")))
        ),
    ),
    "zip, bytes": (
        "hw8.zip",
        lambda rng: mutated_bytes(
            rng, zipped({"a/hw8.py": MODULE.encode(), "a/helper.py": b"def helper(): pass"})
        ),
    ),
}


def _truncated(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def attempt(path: Path, tally: Tally) -> None:
    """Read one, search it for what isn't allowed, and note what went wrong."""
    start = time.process_time()
    try:
        reading = read_submission(path, CONTRACT)
        if isinstance(reading, Submission):
            find_forbidden(code_of(reading, CONTRACT), CONTRACT.names, RULES)
            tally.read += 1
        elif not isinstance(reading, Unreadable) or not reading.message.strip():
            tally.troubles.append(f"came back without a sentence: {reading!r:.200}")
    except Exception:  # noqa: BLE001 - any exception is what is looked for
        tally.troubles.append(traceback.format_exc(limit=-3))
    seconds = time.process_time() - start
    tally.slowest = max(tally.slowest, seconds)
    if seconds > SECONDS:
        tally.troubles.append(f"{seconds:.1f} s for {path.name}")


def run(count: int, seed: int) -> Tally:
    """`count` mutations, all kinds in turn."""
    tally = Tally()
    kinds = list(KINDS.items())
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            kind, (name, mutate) = kinds[number % len(kinds)]
            path = Path(folder) / name
            path.write_bytes(mutate(random.Random(f"{seed}-{number}")))
            before = len(tally.troubles)
            attempt(path, tally)
            tally.runs[kind] += 1
            if len(tally.troubles) > before:
                tally.troubles[-1] = f"{kind} {number}: {tally.troubles[-1]}"
            path.unlink()
    return tally


def main() -> int:
    """Run, print, and tell by the exit status."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    tally = run(count, seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    lines = [f"{runs:7,}  {kind}" for kind, runs in tally.runs.items()]
    lines += [
        f"{count:7,}  in all, {tally.read:,} of them gave something to run",
        f"slowest {tally.slowest:.2f} s (bound {SECONDS} s), peak {peak} MB (bound {MEGABYTES} MB)",
        f"{len(tally.troubles)} troubles",
        *tally.troubles[:5],
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if tally.troubles or peak > MEGABYTES else 0


if __name__ == "__main__":
    sys.exit(main())
