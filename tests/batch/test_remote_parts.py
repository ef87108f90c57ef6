"""The parts of a batch on a cluster that need no cluster: shares, refusals, what travels and what is left behind."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec
import pytest

from grader.batch.remote.baggage import HELD, PREFIX, packed, private_folder, sweep, unpack
from grader.batch.remote.cluster import shares_of_node, unhealthy
from grader.batch.remote.facts import objection, with_card_of
from grader.batch.remote.messages import Facts
from grader.errors import UsageError
from tests.fixtures.tiny_assignment import make


@pytest.mark.parametrize(
    ("resources", "gpu_jobs", "expected"),
    [
        ({"CPU": 8.0}, None, [(8, 0.0)]),
        ({}, None, []),
        ({"CPU": 8.0}, 4, []),
        ({"CPU": 8.0, "GPU": 1.0}, 4, [(4, 1.0)]),
        ({"CPU": 1.0, "GPU": 1.0}, 4, [(1, 0.25)]),
        ({"CPU": 8.0, "GPU": 2.0}, 4, [(4, 1.0), (4, 1.0)]),
        ({"CPU": 2.0, "GPU": 2.0}, 4, [(1, 1.0), (1, 1.0)]),
    ],
)
def test_shares_of_a_node(
    resources: dict[str, float], gpu_jobs: int | None, expected: list[tuple[int, float]]
) -> None:
    """All processors; for a GPU's sake an outpost a card, each job a share of it."""
    shares = shares_of_node("n", "node", resources, None, gpu_jobs)
    assert [(share.jobs, share.gpus) for share in shares] == expected


def test_a_cluster_that_asks_for_its_token_says_so() -> None:
    """It is healthy, and another cluster is no remedy."""
    said = "ray.exceptions.AuthenticationError: RPC error: InvalidAuthToken: Authentication token is missing"
    assert "RAY_AUTH_TOKEN" in unhealthy(f"Traceback ...\n{said}")
    assert unhealthy("Traceback ...\nRpcError: it is ill") == "what answers is not a healthy Ray."


def test_what_differs_is_named() -> None:
    """Equal machines are taken; another version of the grader's code, or a sandbox that can't be had, is told."""
    ours = Facts(host="a", versions={"torch": "2.9", "code": "1"})
    assert objection("n1", msgspec.structs.replace(ours, host="b"), ours) is None
    other = objection("n1", Facts(host="b", versions={"torch": "2.9", "code": "2"}), ours)
    assert other is not None
    assert "The node n1 has the grader's code 2, this machine has 1" in other
    ours = msgspec.structs.replace(ours, versions={**ours.versions, "device": "cuda (H100)"})
    card = objection("n1", Facts(host="b", versions={**ours.versions, "device": "cuda (A100)"}), ours)
    assert card is not None
    assert "has the device cuda (A100), this machine has cuda (H100)" in card
    lacking = objection("n1", msgspec.structs.replace(ours, trouble="has no wall"), ours)
    assert lacking == "The node n1 has no wall"


def test_who_has_no_card_takes_the_nodes_word() -> None:
    """Its name, and a PyTorch of the same version that is built for it; another version stays a difference."""
    ours = Facts(host="a", versions={"torch": "2.13.0+cpu", "numpy": "2", "device": "cuda"})
    theirs = Facts(host="b", versions={"torch": "2.13.0+cu130", "numpy": "2", "device": "cuda (H100)"})
    assert with_card_of(theirs, ours).versions == theirs.versions
    older = msgspec.structs.replace(theirs, versions={**theirs.versions, "torch": "2.12.0+cu130"})
    said = objection("n1", older, with_card_of(older, ours))
    assert said is not None
    assert "has torch 2.12.0+cu130, this machine has 2.13.0+cpu" in said
    other = msgspec.structs.replace(theirs, versions={**theirs.versions, "device": "cuda (A100)"})
    second = objection("n2", other, with_card_of(theirs, ours), "the node n1")
    assert second is not None
    assert "The node n2 has the device cuda (A100), the node n1 has cuda (H100)" in second


def test_the_suite_is_unpacked_as_it_was_packed(tmp_path: Path) -> None:
    """Every file, byte for byte, in a folder for its owner alone, which is removed at the end."""
    files = msgspec.msgpack.decode(packed(make(tmp_path)), type=dict[str, bytes])
    with private_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        root, _ = unpack(files, folder, "tiny")
        for name, data in files.items():
            assert name == "solution" or (root / name).read_bytes() == data
    assert not folder.exists()


@pytest.mark.parametrize("path", ["../outside", "/etc/x", "hidden/../../x"])
def test_nothing_is_unpacked_elsewhere(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError, match="not a path inside"):
        unpack({path: b""}, tmp_path, "tiny")


def test_what_a_killed_outpost_left_is_swept(tmp_path: Path) -> None:
    """Old folders that nobody holds go; those that are held stay."""
    left, held = tmp_path / f"{PREFIX}left", tmp_path / f"{PREFIX}held"
    for folder in (left, held):
        folder.mkdir()
        (folder / HELD).touch()
        os.utime(folder, (1, 1))
    with (held / HELD).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        sweep(tmp_path)
        assert held.is_dir()
    assert not left.exists()
