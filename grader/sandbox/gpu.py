"""The trusted side's search for a card: its device nodes, its driver's files, and whether it works.

Nothing is taken for granted.  Which character devices are NVIDIA's, the kernel says; which number a card has, its
driver; where the driver's libraries are, the loader's cache.  Whether all that is enough is tried, with an allocation
and kernels, in a child process: this one never holds a CUDA context, and does not even import torch.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import platform
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from grader.errors import UsageError
from grader.model import Record
from grader.sandbox import view
from grader.sandbox.device import CPU, Device

TRIAL_SECONDS = 120.0
CONTROL_MINOR = 255
"""Of the major number that cards have, too: /dev/nvidiactl.  Cards are numbered from 0; 254 is for displays."""

GPUS = "proc/driver/nvidia/gpus"
SYSTEM = (
    "sys/devices/system/node", "sys/devices/system/cpu", "sys/devices/system/memory", "sys/module/nvidia",
    "sys/module/nvidia_uvm",
)  # fmt: skip
"""What the driver reads of /sys while it starts, besides the card's own folder there; without it does not start."""

DRIVER = re.compile(r"lib(cuda|nvidia-(ml|ptxjitcompiler|nvvm\d*|gpucomp))\.so")
TRIAL = """
import json, torch
torch.cuda.init()
x = torch.arange(64 * 64, dtype=torch.float32, device="cuda").reshape(1, 1, 64, 64) / 4096
y = torch.nn.functional.conv2d(x @ x, torch.ones(1, 1, 3, 3, device="cuda"))
right = torch.nn.functional.conv2d(x.cpu() @ x.cpu(), torch.ones(1, 1, 3, 3))
if not torch.allclose(y.cpu(), right, rtol=1e-2):
    raise RuntimeError("it computes wrong numbers")
found = torch.cuda.get_device_properties(0)
print(json.dumps({"name": found.name, "memory_mb": found.total_memory >> 20}))
"""


class Card(Record, frozen=True):
    """A card as the system lists it: `index` counts from 0 as in "cuda:0", `minor` is its node's number."""

    index: int
    minor: int
    name: str = ""
    uuid: str = ""
    address: str = ""


class Build(Record, frozen=True):
    """What PyTorch was built for: the version of CUDA, None where for the CPU (or another maker's cards)."""

    torch: str
    cuda: str | None


# ------------------------------------------------------------------------------------- what there is


def torch_build() -> Build:
    """Read from the text of torch/version.py: to import torch would take seconds."""
    found = importlib.util.find_spec("torch")
    origin = Path(found.origin).with_name("version.py") if found is not None and found.origin else None
    said: dict[str, object] = {}
    if origin is not None and origin.is_file():
        for node in ast.parse(origin.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
                continue
            if isinstance(node.value, ast.Constant):
                said[node.target.id] = node.value.value
    cuda = said.get("cuda")
    return Build(torch=version("torch"), cuda=cuda if isinstance(cuda, str) else None)


def cards(root: Path = Path("/")) -> list[Card]:
    """Those whose nodes are here, in the order of their places on the bus: that of "cuda:0", "cuda:1"."""
    minors = {minor_of(node) for node in nvidia_nodes(root) if role_of(node, root) == "card"}
    described = [card for card in described_cards(root) if card.minor in minors]
    told = described or [Card(index=0, minor=minor) for minor in sorted(minors)]
    return [
        Card(index=index, minor=card.minor, name=card.name, uuid=card.uuid, address=card.address)
        for index, card in enumerate(told)
    ]


def described_cards(root: Path) -> Iterator[Card]:
    """What the driver says of each card, also of those that a container keeps from us."""
    folder = root / GPUS
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            lines = (place / "information").read_text(errors="replace").splitlines()
        except OSError:
            continue
        facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        if facts.get("Device Minor", "").isdigit():
            uuid = facts.get("GPU UUID", "")
            yield Card(
                index=0,
                minor=int(facts["Device Minor"]),
                name=facts.get("Model", ""),
                uuid="" if "?" in uuid else uuid,
                address=place.name,
            )


def nvidia_nodes(root: Path) -> list[Path]:
    """The character devices under /dev that are the driver's."""
    folders = (root / "dev", root / "dev" / "nvidia-caps")
    entries = [entry for folder in folders if folder.is_dir() for entry in sorted(folder.iterdir())]
    return [entry for entry in entries if role_of(entry, root)]


def role_of(node: Path, root: Path) -> str:
    """What a node is: "card", "control", "memory" (unified memory), "part" (of a card that is partitioned); "" for
    everything else, displays included."""
    facts = node.lstat()
    if not stat.S_ISCHR(facts.st_mode):
        return ""
    majors, minor = majors_of_nvidia(root), os.minor(facts.st_rdev)
    kinds = majors.get(os.major(facts.st_rdev), set())
    if "nvidia-uvm" in kinds:
        return "memory"
    if "nvidia-caps" in kinds:
        return "part"
    if kinds.isdisjoint({"nvidia", "nvidia-frontend", "nvidiactl"}):
        return ""
    return "control" if minor == CONTROL_MINOR else "card" if minor < CONTROL_MINOR - 1 else ""


def majors_of_nvidia(root: Path) -> dict[int, set[str]]:
    """The major numbers under which the kernel knows the driver, and the names that each goes by."""
    majors: dict[int, set[str]] = {}
    try:
        text = (root / "proc/devices").read_text().partition("Block devices")[0]
    except OSError:
        return majors
    for line in text.splitlines():
        number, _, name = line.strip().partition(" ")
        if number.isdigit() and name.startswith("nvidia"):
            majors.setdefault(int(number), set()).add(name)
    return majors


def minor_of(node: Path) -> int:
    return os.minor(node.lstat().st_rdev)


# --------------------------------------------------------------------------- what a worker is to be given


def device_of(card: Card, root: Path = Path("/")) -> Device:
    """The card as a view shows it: nodes and files, by their real paths."""
    libraries = driver_libraries()
    return Device(
        kind="cuda",
        card=card.name or "card",
        visible=partition() or card.uuid or "0",
        nodes=tuple(str(node) for node in nodes_of(card, root)),
        files=(*map(str, libraries), *map(str, system_files(card, root))),
        libraries=tuple(dict.fromkeys(str(file.parent) for file in libraries)),
    )


def nodes_of(card: Card, root: Path) -> list[Path]:
    """The card's own node and those that all cards share; of a partitioned card the parts that we were given."""
    wanted = {"control", "memory", *(["part"] if partition() else [])}
    return [
        node
        for node in nvidia_nodes(root)
        if (role := role_of(node, root)) in wanted or (role == "card" and minor_of(node) == card.minor)
    ]


def partition() -> str:
    """The part of a card that we were given, by CUDA_VISIBLE_DEVICES; "" where it is a whole one."""
    asked = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0]
    return asked if asked.startswith("MIG-") else ""


def system_files(card: Card, root: Path) -> list[Path]:
    places = [root / folder for folder in SYSTEM]
    if card.address:
        link = root / "sys/bus/pci/devices" / card.address
        places += [link, link.resolve()] if link.exists() else []
    return [place for place in places if place.exists()]


def driver_libraries() -> list[Path]:
    """The driver's libraries that lie outside of the folders that everybody sees."""
    shown = [Path(folder).resolve() for folder in view.SYSTEM_FOLDERS]
    return [
        file for file in found_libraries() if not any(file.resolve().is_relative_to(one) for one in shown)
    ]


def found_libraries() -> list[Path]:
    """As the loader looks for them: in the folders of LD_LIBRARY_PATH, then in its cache; the first of each name.

    A toolkit's own stand-in for the driver, which many a cache lists, is not to win over the driver itself.
    """
    folders = [Path(folder) for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder]
    named = [file for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())]
    libraries = [file for file in named if DRIVER.match(file.name) and file.is_file()]
    first: dict[str, Path] = {}
    for file in (*libraries, *libraries_in_cache()):
        first.setdefault(file.name, file)
    return list(first.values())


def libraries_in_cache() -> Iterator[Path]:
    """Those of this processor that the loader's cache names and that are there."""
    try:
        said = subprocess.run(
            ["/sbin/ldconfig", "-p"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return
    wanted = {"x86_64": "x86-64", "aarch64": "AArch64"}.get(platform.machine(), "")
    for line in said.stdout.splitlines():
        name, _, path = line.strip().partition(" => ")
        if DRIVER.match(name) and wanted in name and Path(path).is_file():
            yield Path(path)


# ------------------------------------------------------------------------------------ whether it works


def tried(device: Device, tier: str) -> Device | str:
    """The device with the card's name and memory, or why it does not work: an allocation, a matrix product and a
    convolution in a process that sees what workers will see."""
    if tier == "strict":
        command = view.command(
            privileged=view.has_root(), program=("-c", TRIAL), device=device, own_proc=True
        )
        environment = None
    else:
        command = [sys.executable, "-c", TRIAL]
        environment = {**os.environ, **view.card_environment(device)}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TRIAL_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it did not answer within {TRIAL_SECONDS:.0f} s"
    except OSError as error:
        return str(error)
    return described(device, done.stdout) if done.returncode == 0 else gist(done.stderr, done.returncode)


def described(device: Device, said: str) -> Device | str:
    try:
        facts = json.loads(said.strip().splitlines()[-1])
        name, memory = str(facts["name"]), int(facts["memory_mb"])
    except (ValueError, LookupError, TypeError):
        return "it gave no answer"
    return Device(
        kind="cuda", card=name, memory_mb=memory, visible=device.visible, nodes=device.nodes, files=device.files,
        libraries=device.libraries,
    )  # fmt: skip


def gist(said: str, status: int) -> str:
    """The line of a traceback that says what was raised; CUDA's own advice to programmers follows it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
    return (raised or lines or [f"its process ended with status {status}"])[-1][:300]


def candidates(tier: str, root: Path = Path("/")) -> list[tuple[int, Device]]:
    """The cards by their numbers, to be tried; where the system lists none in this way (Windows), CUDA's first."""
    if sys.platform != "linux":
        return [(0, Device(kind="cuda", card="card", visible=os.environ.get("CUDA_VISIBLE_DEVICES", "0")))]
    found = visible_cards(cards(root))
    shown = [(number, device_of(card, root)) for number, card in enumerate(found)]
    if tier != "process":
        return shown
    return [
        (number, Device(kind="cuda", card=device.card, visible=partition() or card.uuid or str(card.index)))
        for (number, device), card in zip(shown, found, strict=True)
    ]


def visible_cards(found: list[Card]) -> list[Card]:
    """Those that CUDA_VISIBLE_DEVICES leaves, in its order: a scheduler says by it which are ours."""
    asked = os.environ.get("CUDA_VISIBLE_DEVICES")
    if asked is None or partition():
        return found
    names = [name.strip() for name in asked.split(",") if name.strip()]
    return [card for name in names for card in found if name == str(card.index) or is_called(card, name)]


def is_called(card: Card, name: str) -> bool:
    """By its identity, which may be cut short."""
    return name.startswith("GPU-") and card.uuid.startswith(name)


# -------------------------------------------------------------------------------------------- choosing


class Choice(Record, frozen=True):
    """Where to compute, and what is to be said about it; "" where that goes without saying."""

    device: Device
    told: str = ""


class NoSuchDeviceError(UsageError):
    """The device that was asked for can't be had: the reason, and what to do."""


def parsed(text: str) -> tuple[str, int | None]:
    """ "auto", "cpu" or "cuda", and the number of the card where one is named; UsageError for anything else."""
    kind, colon, number = text.strip().partition(":")
    if kind in ("auto", "cpu") and not colon:
        return kind, None
    if kind == "cuda" and (not colon or number.isdecimal()):
        return kind, int(number) if colon else None
    raise UsageError(f"--device {text}: expected auto, cpu, cuda, or a card by its number, like cuda:0.")


def choose(text: str, tier: str) -> Choice:
    """The device for what was asked for.

    Raises UsageError where it can't be had; for "auto" the CPU will do, and it is said why if there is a card.
    """
    kind, number = parsed(text)
    if kind == "cpu":
        return Choice(device=CPU)
    build = torch_build()
    obstacle, found = obstacle_and_cards(build, tier)
    if obstacle:
        return without_card(text, *obstacle, quietly=not cards_here())
    if number is not None and number >= len(found):
        listed = ", ".join(f"cuda:{index} ({device.card})" for index, device in found)
        raise NoSuchDeviceError(f"--device {text}: there is no such card. Here: {listed}.")
    reasons = []
    for index, candidate in found if number is None else found[number : number + 1]:
        outcome = tried(candidate, tier)
        if isinstance(outcome, Device):
            return Choice(device=outcome, told=f"Device: cuda:{index}, {outcome.card}.")
        reasons.append(f"cuda:{index} ({candidate.card}) does not work: {outcome}")
    remedy = (
        "See whether `python -c 'import torch; torch.ones(1).cuda()'` works; `grade doctor` tries each part."
    )
    return without_card(text, "; ".join(reasons), remedy, quietly=False)


def obstacle_and_cards(build: Build, tier: str) -> tuple[tuple[str, str] | None, list[tuple[int, Device]]]:
    """What keeps any card from being used, with the remedy; else the cards."""
    if build.cuda is None:
        remedy = "Install PyTorch as built for CUDA into this environment, or use --device cpu."
        return (f"PyTorch {build.torch} is built without CUDA", remedy), []
    found = candidates(tier)
    if found:
        return None, found
    remedy = (
        "`nvidia-smi` says whether the driver runs; a container needs the card handed in (`--gpus all`); where "
        "/dev/nvidia-uvm is missing, as root: `nvidia-modprobe -u -c 0`. Or use --device cpu."
    )
    return (
        "no NVIDIA card is to be seen (no node under /dev, or CUDA_VISIBLE_DEVICES hides them)",
        remedy,
    ), []


def cards_here() -> bool:
    return sys.platform == "linux" and bool(cards())


def without_card(text: str, reason: str, remedy: str, *, quietly: bool) -> Choice:
    """The CPU where that was left open, else a refusal."""
    if text.strip() != "auto":
        raise NoSuchDeviceError(f"--device {text.strip()}: {reason}.\n{remedy}")
    return Choice(device=CPU, told="" if quietly else f"Device: cpu, though there is a card: {reason}.")
