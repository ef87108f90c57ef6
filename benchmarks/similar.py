"""How long `grade similar` takes for a class, and whether it finds the copies among honest work.

    python benchmarks/similar.py [--size 500] [--copies 10]

A class is put together for it: each honest submission takes every definition from a right solution of its own choice
(`solutions/hw8/accepted`), as students do who all read the same lecture; a copy is a student's whole work with every
own name changed, the definitions reordered, and other comments.  Prints the time from the gradebook to the pages, and
how many of the copies are among the first pairs, twice as many as there are copies: where 500 choose among 38, some
choose alike.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from typer.testing import CliRunner

from grader.assignment import find_assignment
from grader.cli import app
from grader.gradebook import open_gradebook
from grader.similar.tokens import bound_in
from tests.fixtures import kept_results

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = ROOT / "solutions" / "hw8" / "accepted"


def main() -> None:
    """Make the class, compare it, say what came of it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--size", type=int, default=500)
    arguments.add_argument("--copies", type=int, default=10)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        copies = make_class(folder, asked.size, asked.copies)
        started = time.perf_counter()
        done = CliRunner().invoke(app, ["similar", str(folder / "out"), "--top", str(2 * asked.copies)])
        seconds = time.perf_counter() - started
        if done.exception is not None:
            raise done.exception
        page = (folder / "out" / "similar" / "index.html").read_text(encoding="utf-8")
    found = sum(f"{one} and {other}" in page for one, other in copies)
    print(f"{asked.size} submissions in {seconds:.1f} s; {found} of {asked.copies} copies on top.")  # noqa: T201


def make_class(folder: Path, size: int, copies: int) -> list[tuple[str, str]]:
    """Write the submissions and a gradebook of them; the pairs that were copied, by id."""
    names = frozenset(find_assignment("hw8").names)
    chance = random.Random(8)
    sources = [file.read_text(encoding="utf-8-sig") for file in sorted(ACCEPTED.glob("*.py"))]
    imports, versions = versions_in(sources)
    work = folder / "class"
    work.mkdir()
    honest = {f"s{number:04}": mixture(imports, versions, names, chance) for number in range(size - copies)}
    pairs = [
        (original, f"t{number:04}") for number, original in enumerate(chance.sample(sorted(honest), copies))
    ]
    everything = honest | {copy: disguised(honest[original], names, chance) for original, copy in pairs}
    for name, source in everything.items():
        (work / f"{name}.py").write_text(source, encoding="utf-8")
    with open_gradebook(folder / "out", "hw8") as book:
        kept_results.record(book, work, *(kept_results.result(name) for name in everything))
    return pairs


def versions_in(sources: Sequence[str]) -> tuple[str, dict[str, list[str]]]:
    """The imports of all, and every definition of each name."""
    imports: dict[str, None] = {}
    versions: defaultdict[str, list[str]] = defaultdict(list)
    for tree in map(ast.parse, sources):
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                imports[ast.unparse(node)] = None
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                versions[node.name].append(ast.unparse(node))
    first = sorted(imports, key=lambda text: "__future__" not in text)
    return "\n".join(first), dict(versions)


def mixture(
    imports: str, versions: Mapping[str, Sequence[str]], names: frozenset[str], chance: random.Random
) -> str:
    """Every definition that is asked for from a solution chosen for it, and the helpers that they need."""
    chosen: dict[str, str] = {}
    wanted = [name for name in versions if name in names]
    while wanted:
        name = wanted.pop()
        chosen[name] = chance.choice(versions[name])
        words = set(re.findall(r"\w+", chosen[name]))
        wanted += [
            word for word in sorted(words) if word in versions and word not in chosen and word not in wanted
        ]
    return "\n\n\n".join([imports, *(chosen[name] for name in versions if name in chosen)]) + "\n"


def disguised(source: str, kept: frozenset[str], chance: random.Random) -> str:
    """The same work under other names, in another order, with other comments."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    fixed = {keyword.arg for node in nodes if isinstance(node, ast.Call) for keyword in node.keywords}
    fixed |= {node.attr for node in nodes if isinstance(node, ast.Attribute) and not is_self(node.value)}
    own = sorted(bound_in(source) - kept - fixed - {"self", "forward", "F", "nn"})
    own = [name for name in own if not name.startswith("__")]
    renamed = Renamer({name: f"x{number}_{chance.randrange(1000)}" for number, name in enumerate(own)}).visit(
        tree
    )
    first = [node for node in renamed.body if isinstance(node, ast.Import | ast.ImportFrom)]
    rest = [node for node in renamed.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    chance.shuffle(rest)
    return "\n\n\n".join(f"# my own idea\n{ast.unparse(node)}" for node in [*first, *rest]) + "\n"


def is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


class Renamer(ast.NodeTransformer):
    """Gives names other names, wherever they stand."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in ("id", "name", "arg", "attr"):
            if isinstance(old := getattr(node, field, None), str):
                setattr(node, field, self._names.get(old, old))
        return super().generic_visit(node)


if __name__ == "__main__":
    main()
