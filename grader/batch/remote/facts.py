"""What a machine is, and whether two are alike enough to grade one class."""

from __future__ import annotations

import platform
import socket
from importlib.metadata import PackageNotFoundError, version

import msgspec

from grader import __version__
from grader.batch.fingerprints import code_digest
from grader.batch.remote.messages import Facts
from grader.errors import SandboxUnavailableError
from grader.sandbox import gpu, tiers, view
from grader.sandbox.device import Device

OF_THE_CARD = ("device", "torch")
"""The facts that a node may have of its own where this machine has no card."""

NAMES = {"code": "the grader's code", "device": "the device"}


def device_here(kind: str, sandbox: str) -> Device:
    """Of this kind, what is to be used here: of several cards the one that Ray gave this process, by its
    CUDA_VISIBLE_DEVICES.  UsageError where none works."""
    return gpu.choose(kind, sandbox).device


def facts_here(sandbox: str, device: Device, trouble: str = "") -> Facts:
    """Of the machine that this runs on; `sandbox` is the tier that is wanted, `device` what would be used here."""
    versions = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}",
        "torch": installed("torch"),
        "numpy": installed("numpy"),
        "grader": __version__,
        "code": code_digest()[:12],
        "device": str(device),
    }
    return Facts(host=socket.gethostname(), versions=versions, trouble=trouble or trouble_with(sandbox))


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def trouble_with(sandbox: str) -> str:
    """That this tier can't be had here, why, and the remedy; "" where it can."""
    try:
        if sandbox == "strict" and (why := view.can_be_built()):
            return f"can't give the sandbox: {why}\n{view.REMEDY}"
        if sandbox == "contained":
            tiers.prove()
    except SandboxUnavailableError as error:
        return f"can't give the sandbox: {error}"
    return ""


def with_card_of(theirs: Facts, ours: Facts) -> Facts:
    """Ours, with the card of another where we have none; and with its PyTorch, where that is the same version built for
    the card."""
    built_for = {name: theirs.versions.get(name, "unknown") for name in OF_THE_CARD}
    if public(built_for["torch"]) != public(ours.versions["torch"]):
        del built_for["torch"]
    return msgspec.structs.replace(ours, versions={**ours.versions, **built_for})


def public(version_of_torch: str) -> str:
    """A version without what it was built for: "2.13.0" of "2.13.0+cu130"."""
    return version_of_torch.partition("+")[0]


def objection(node: str, theirs: Facts, ours: Facts, here: str = "this machine") -> str | None:
    """Why a node can't grade with us, in a sentence; None where it can.  `here`: whose facts ours are."""
    if theirs.trouble:
        return f"The node {node} {theirs.trouble}"
    for name, version_here in ours.versions.items():
        version_there = theirs.versions.get(name, "unknown")
        if version_there != version_here:
            what = NAMES.get(name, name)
            return (
                f"The node {node} has {what} {version_there}, {here} has {version_here}: results would not be "
                "the same. See that both have the same, or take the node out of the cluster."
            )
    return None
