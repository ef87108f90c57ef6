"""What docs/cluster ships: manifests of known fields, pods where the wall holds, a job script that Slurm can run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]

from tests.docs.reading import ROOT
from tests.docs.test_pages import fault
from tests.fixtures import ordinary_container
from tests.fixtures.tiny_assignment import RIGHT, make

CLUSTER: Final = ROOT / "docs" / "cluster"

JOB: Final = frozenset(
    {
        "activeDeadlineSeconds", "backoffLimit", "clusterSelector", "deletionStrategy", "entrypoint",
        "entrypointNumCpus", "entrypointNumGpus", "entrypointResources", "jobId", "managedBy", "metadata",
        "rayClusterSpec", "runtimeEnvYAML", "shutdownAfterJobFinishes", "submissionMode", "submitterConfig",
        "submitterPodTemplate", "suspend", "ttlSecondsAfterFinished",
    }
)  # fmt: skip
CLUSTER_FIELDS: Final = frozenset(
    {
        "autoscalerOptions", "enableInTreeAutoscaling", "gcsFaultToleranceOptions", "headGroupSpec",
        "headServiceAnnotations", "managedBy", "rayVersion", "suspend", "workerGroupSpecs",
    }
)  # fmt: skip
HEAD: Final = frozenset({"enableIngress", "headService", "rayStartParams", "serviceType", "template"})
WORKERS: Final = frozenset(
    {
        "groupName", "idleTimeoutSeconds", "maxReplicas", "minReplicas", "numOfHosts", "rayStartParams", "replicas",
        "scaleStrategy", "suspend", "template",
    }
)  # fmt: skip
"""KubeRay's fields, as its API reference for ray.io/v1 lists them."""


def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((CLUSTER / "kubernetes.yaml").read_text("utf-8")))


@pytest.fixture
def job() -> dict[str, Any]:
    (found,) = [each for each in documents() if each["kind"] == "RayJob"]
    return dict(found["spec"])


def groups(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The head and the groups of workers."""
    cluster = job["rayClusterSpec"]
    yield cluster["headGroupSpec"]
    yield from cluster["workerGroupSpecs"]


def containers(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for group in groups(job):
        yield from group["template"]["spec"]["containers"]


def test_the_manifests_have_known_fields_alone(job: dict[str, Any]) -> None:
    """KubeRay's own by its reference, everything within a pod by Kubernetes' schema."""
    validate = pytest.importorskip("kubernetes_validate")
    assert job.keys() <= JOB
    assert job["rayClusterSpec"].keys() <= CLUSTER_FIELDS
    assert job["rayClusterSpec"]["headGroupSpec"].keys() <= HEAD
    assert all(group.keys() <= WORKERS for group in job["rayClusterSpec"]["workerGroupSpecs"])
    pods = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": group["template"]["spec"]}
        for group in groups(job)
    ]
    others = [each for each in documents() if each["kind"] != "RayJob"]
    for one in [*pods, *others]:
        validate.validate(one, validate.latest_version(), strict=True)


def test_the_schema_sees_a_wrong_field(job: dict[str, Any]) -> None:
    """Or the test above would show nothing."""
    validate = pytest.importorskip("kubernetes_validate")
    spec = next(groups(job))["template"]["spec"]
    next(containers(job))["securityContext"]["capabilites"] = {}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec}
    with pytest.raises(validate.ValidationError):
        validate.validate(pod, validate.latest_version(), strict=True)


def test_what_ray_is_started_with_is_text(job: dict[str, Any]) -> None:
    """KubeRay takes nothing else: a number without quotes is refused."""
    values = [value for group in groups(job) for value in group["rayStartParams"].values()]
    assert all(isinstance(value, str) for value in values)


def test_the_entrypoint_is_a_command_of_ours(job: dict[str, Any]) -> None:
    """Its results lie on the volume that outlives the cluster."""
    assert fault(job["entrypoint"], whole=True) is None
    words = shlex.split(job["entrypoint"])
    head = next(containers(job))
    assert words[words.index("--out") + 1].startswith(head["volumeMounts"][0]["mountPath"])


def test_every_node_is_made_of_one_image(job: dict[str, Any]) -> None:
    """Other versions would be refused; the driver, too, has to be able to give the sandbox."""
    assert len({each["image"] for each in containers(job)}) == 1
    assert len({json.dumps(each["securityContext"]) for each in containers(job)}) == 1


@pytest.mark.slow
@pytest.mark.skipif(ordinary_container.available() != "", reason=ordinary_container.available() or "-")
@pytest.mark.parametrize("namespaces", [False, True])
def test_the_second_tier_holds_with_the_rights_of_the_pods(
    job: dict[str, Any], tmp_path: Path, namespaces: bool
) -> None:
    """All of the conformance list, with these capabilities and no others, whether the filter is there or not."""
    rights = next(containers(job))["securityContext"]["capabilities"]["add"]
    assignment, home, out = make(tmp_path / "assignment"), tmp_path / "home", tmp_path / "result.json"
    home.mkdir()
    (tmp_path / "tiny.py").write_text(RIGHT, encoding="utf-8")
    tmp_path.chmod(0o755)
    command = ["-m", "grader.cli", "run", str(tmp_path / "tiny.py"), "-a", str(assignment.folder)]
    done = ordinary_container.run([*command, "--json", str(out)], home, rights=rights, namespaces=namespaces)
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    assert (result["run"]["sandbox"], result["score"]) == ("contained", 10)


SRUN: Final = """
echo "$@" >> srun.log
while [[ $1 == --* ]]; do shift; done
exec "$@"
"""
RAY: Final = """
echo "$RAY_AUTH_MODE $RAY_AUTH_TOKEN" >> tokens.log
case "$1" in
    health-check) test -e started ;;
    start) test ! -e broken || exit 1; touch started; exec /bin/sleep 2 ;;
esac
"""
GRADE: Final = """echo "$RAY_AUTH_MODE $RAY_AUTH_TOKEN" >> tokens.log; echo "$@" > grade.log"""


def slurm_job(folder: Path, nodes: int) -> subprocess.CompletedProcess[str]:
    """The job script, run as Slurm would on the first node; Slurm, Ray and grade write down what they are asked."""
    programs = folder / "bin"
    programs.mkdir()
    for name, text in {"srun": SRUN, "ray": RAY, "grade": GRADE, "sleep": "exec /bin/sleep 0.1"}.items():
        (programs / name).write_text(f"#!/bin/bash\n{text}\n")
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}", "SLURM_JOB_ID": "4711", "SLURM_JOB_NUM_NODES": str(nodes),
        "SLURM_CPUS_PER_TASK": "16", "SLURMD_NODENAME": "node1",
    }  # fmt: skip
    return subprocess.run(
        ["bash", CLUSTER / "slurm.sh", "submissions", "hw8", "results"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


@pytest.mark.parametrize("nodes", [1, 4])
def test_the_job_script_starts_ray_once_on_each_node(tmp_path: Path, nodes: int) -> None:
    """With all of the job's processors, which srun does not pass on by itself; and grades on them."""
    run = slurm_job(tmp_path, nodes)
    assert run.returncode == 0, run.stderr
    steps = (tmp_path / "srun.log").read_text().splitlines()
    assert [step.split()[:2] for step in steps] == [
        [f"--nodes={of_them}", f"--ntasks={of_them}"] for of_them in (1, nodes - 1) if of_them
    ]
    assert all("--cpus-per-task=16" in step and "--num-cpus=16" in step for step in steps)
    assert fault(f"grade {(tmp_path / 'grade.log').read_text().strip()}", whole=True) is None


def test_the_job_script_lets_nobody_else_in(tmp_path: Path) -> None:
    """Every node and the driver have the token, which is new for every job."""
    one, another = tmp_path / "one", tmp_path / "another"
    for folder in (one, another):
        folder.mkdir()
        slurm_job(folder, 2)
    tokens = [set((folder / "tokens.log").read_text().splitlines()) for folder in (one, another)]
    assert [len(each) for each in tokens] == [1, 1]
    assert tokens[0] != tokens[1]
    assert all(re.fullmatch("token [0-9a-f]{64}", token) for each in tokens for token in each)


def test_the_job_ends_where_ray_does_not_start(tmp_path: Path) -> None:
    """It does not wait until its time is over."""
    (tmp_path / "broken").touch()
    run = slurm_job(tmp_path, 4)
    assert run.returncode == 1
    assert "Ray did not start on node1" in run.stderr
