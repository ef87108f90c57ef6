"""Ray itself: joined quietly, its nodes, and an outpost on each.  Nothing else imports it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from grader.batch.remote.wanted import INSTALL
from grader.errors import GraderError, UsageError

ANSWER_SECONDS = 60.0
FACTS_SECONDS = 180.0
"""For a node's first answer: it may have the second tier to prove, half a minute's work where nothing else runs."""

CONNECT_SECONDS = 5.0
OBJECT_STORE_BYTES = 200 * 2**20
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True)
class Share:
    """What one outpost takes of a node, and how many jobs it has for that."""

    node: str
    name: str
    jobs: int
    gpus: float


def join(address: str | None, jobs: int) -> Any:
    """Ray, connected; a cluster of this machine's own where there is no address.  UsageError where it can't be."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            f"--executor ray: Ray is installed here and can't be loaded: {error} Install it anew: {INSTALL}"
        ) from None

    if address is not None and address != "auto":
        must_answer(address)
    options: dict[str, Any] = {"address": address} if address is not None else local(jobs)
    polite = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(log_to_driver=False, logging_level=logging.CRITICAL, configure_logging=True, **options)
    except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError) as error:
        raise UsageError(refusal(address, str(error).strip().splitlines()[0])) from None
    finally:
        signal.signal(signal.SIGTERM, polite)  # Ray puts its own there
    return ray


def local(jobs: int) -> dict[str, Any]:
    return {
        "address": "local", "num_cpus": jobs, "include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES,
    }  # fmt: skip


def refusal(address: str | None, why: str) -> str:
    if address is None:
        return (
            f"--executor ray: Ray can't be started here: {why.rstrip('.')}. Its files go where RAY_TMPDIR says, which "
            "has to be a short path; or give the --address of a cluster."
        )
    return (
        f"--address {address}: no Ray cluster can be joined there: {why} Start one with `ray start --head "
        "--port=6379`, run `grade batch` on one of its machines, and give the address that it prints."
    )


def must_answer(address: str) -> None:
    """UsageError, soon, where nothing answers there that is Ray."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "://" in address:
        raise UsageError(refusal(address, "it is not of the form host:port."))
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise UsageError(refusal(address, f"{error}.")) from None
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        done = subprocess.run(command, capture_output=True, timeout=ANSWER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(refusal(address, "it does not answer.")) from None
    if done.returncode != 0:
        raise UsageError(refusal(address, unhealthy(done.stderr.decode(errors="replace"))))


def unhealthy(said: str) -> str:
    """What is wrong with what answered, by what Ray's own command said."""
    if "AuthenticationError" in said:
        names = "RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH"
        return f"it asks for its token: set {names}, as on its nodes."
    return "what answers is not a healthy Ray."


def shares_of(ray: Any, jobs: int | None, device: str, gpu_jobs: int) -> list[Share]:
    """What is taken of each node that lives: all its processors, or so many jobs; of each card its share."""
    shares = [
        share
        for node in ray.nodes()
        if node["Alive"]
        for share in shares_of_node(
            node["NodeID"],
            named(node),
            node["Resources"],
            jobs,
            gpu_jobs if device.startswith("cuda") else None,
        )
    ]
    if not shares:
        raise UsageError(
            f"The Ray cluster has no node with a processor{' and a GPU' * device.startswith('cuda')}."
        )
    return shares


def named(node: dict[str, Any]) -> str:
    return f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']}, {node['NodeID'][:8]})"


def shares_of_node(
    node: str, name: str, resources: dict[str, float], jobs: int | None, gpu_jobs: int | None
) -> list[Share]:
    """One share with all jobs, or one for each card.

    Of a node's only card the share that its jobs have; of several each whole, for Ray would put two halves on one.
    """
    cpus = min(int(resources.get("CPU", 0)), jobs or sys.maxsize)
    if gpu_jobs is None:
        return [Share(node, name, cpus, 0.0)] if cpus else []
    cards = min(int(resources.get("GPU", 0)), cpus)
    each = min(gpu_jobs, cpus // cards) if cards else 0
    return [Share(node, name, each, each / gpu_jobs if cards == 1 else 1.0)] * cards


def outpost_on(ray: Any, share: Share) -> Any:
    """An actor there; it dies with us, and Ray starts no other in its place."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from grader.batch.remote.outpost import Outpost

    placed = NodeAffinitySchedulingStrategy(node_id=share.node, soft=False)
    options = {
        "num_cpus": share.jobs, "num_gpus": share.gpus, "max_restarts": 0, "max_task_retries": 0,
        "max_concurrency": 4, "scheduling_strategy": placed,
    }  # fmt: skip
    return ray.remote(Outpost).options(**options).remote()


def answer_of(ray: Any, reference: Any, share: Share) -> bytes | None:
    """What an outpost answers to its first question, None where its node has died; GraderError where it can't."""
    try:
        return bytes(ray.get(reference, timeout=FACTS_SECONDS))
    except ray.exceptions.GetTimeoutError:
        raise GraderError(
            f"The node {share.name} did not answer within {FACTS_SECONDS:.0f} s: others may be using its processors. "
            "Run the same command again when it is free."
        ) from None
    except ray.exceptions.RayError as error:
        if not any(node["Alive"] for node in ray.nodes() if node["NodeID"] == share.node):
            return None
        last = str(error).strip().splitlines()[-1].strip()
        raise GraderError(
            f"The node {share.name} can't run the grader: {last} Install there what is installed here."
        ) from None
