"""Finding a card and choosing a device, without one: a pretended system, and a pretended trial."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.sandbox import diagnosis, gpu
from grader.sandbox.device import CPU, Device
from tests.fixtures.pretended_card import lay_out_system

WITH_CUDA = gpu.Build(torch="2.13.0+cu130", cuda="13.0")
CARD = Device(kind="cuda", card="Pretended")


@pytest.mark.parametrize(
    ("text", "parsed"),
    [("auto", ("auto", None)), ("cpu", ("cpu", None)), ("cuda", ("cuda", None)), ("cuda:12", ("cuda", 12))],
)
def test_what_a_device_may_be_called(text: str, parsed: tuple[str, int | None]) -> None:
    """The four forms that the help names."""
    assert gpu.parsed(text) == parsed


@pytest.mark.parametrize("text", ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "auto:1", "CUDA"])
def test_anything_else_is_refused_with_what_is_expected(text: str) -> None:
    """Bad usage, in a sentence."""
    with pytest.raises(UsageError, match="expected auto, cpu, cuda, or a card by its number"):
        gpu.parsed(text)


def test_the_build_is_read_without_importing_torch() -> None:
    """What torch/version.py and the package's record say is what torch says; a record may leave out what it was built
    for ("+cu130")."""
    import torch

    build = gpu.torch_build()
    assert build.cuda == torch.version.cuda
    assert build.torch in (torch.__version__, torch.__version__.partition("+")[0])


def test_cards_are_numbered_by_their_place_on_the_bus(tmp_path: Path) -> None:
    """Whatever numbers their nodes have; a card whose node was not handed to us is not there."""
    lay_out_system(tmp_path)
    found = gpu.cards(tmp_path)
    assert [(card.index, card.minor, card.uuid) for card in found] == [
        (0, 1, "GPU-0000A"),
        (1, 0, "GPU-0000B"),
    ]


def test_a_view_gets_one_card(tmp_path: Path) -> None:
    """Its node and those that all cards share; no other card's, no display, nothing that only has the name."""
    lay_out_system(tmp_path)
    device = gpu.device_of(gpu.cards(tmp_path)[0], tmp_path)
    names = {Path(node).name for node in device.nodes}
    assert names == {"nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools"}
    assert device.visible == "GPU-0000A"
    assert set(device.files) >= {
        str(tmp_path / "sys/module/nvidia"),
        str(tmp_path / "sys/bus/pci/devices/0000:01:00.0"),
    }
    assert not any("0000:02" in file for file in device.files)


def test_the_driver_is_looked_for_as_the_loader_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What LD_LIBRARY_PATH leads to goes before what the loader's cache lists, a toolkit's stand-in, say."""
    driver, stand_in = tmp_path / "driver", tmp_path / "compat"
    for folder in (driver, stand_in):
        folder.mkdir()
        (folder / "libcuda.so.1").touch()
    (stand_in / "libnvidia-ml.so.1").touch()
    (driver / "libc.so.6").touch()
    cached = [stand_in / "libcuda.so.1", stand_in / "libnvidia-ml.so.1"]
    monkeypatch.setattr(gpu, "libraries_in_cache", lambda: iter(cached))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path / 'nowhere'}:{driver}")
    assert gpu.found_libraries() == [driver / "libcuda.so.1", stand_in / "libnvidia-ml.so.1"]
    monkeypatch.delenv("LD_LIBRARY_PATH")
    assert gpu.found_libraries() == cached


def test_a_part_of_a_card_needs_its_capability(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CUDA_VISIBLE_DEVICES names a part of a card, the nodes of parts are shown, else not."""
    lay_out_system(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-1234")
    device = gpu.device_of(gpu.cards(tmp_path)[0], tmp_path)
    assert "nvidia-cap1" in {Path(node).name for node in device.nodes}
    assert device.visible == "MIG-1234"


def test_without_the_drivers_word_cards_are_counted_by_their_nodes(tmp_path: Path) -> None:
    """Some containers hide /proc/driver."""
    lay_out_system(tmp_path)
    for file in (tmp_path / gpu.GPUS).glob("*/information"):
        file.unlink()
    assert [card.minor for card in gpu.cards(tmp_path)] == [0, 1]


@pytest.mark.parametrize(
    ("asked", "minors"),
    [("1", [0]), ("1,0", [0, 1]), ("GPU-0000B", [0]), ("", []), ("5", []), (None, [1, 0])],
)
def test_a_schedulers_choice_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str | None, minors: list[int]
) -> None:
    """CUDA_VISIBLE_DEVICES says which cards are ours, and in which order."""
    lay_out_system(tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if asked is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", asked)
    assert [card.minor for card in gpu.visible_cards(gpu.cards(tmp_path))] == minors


def choose(monkeypatch: pytest.MonkeyPatch, text: str, *outcomes: Device | str) -> gpu.Choice:
    """Choose where PyTorch has CUDA and there are so many cards, which turn out like this."""
    results = iter(outcomes)
    monkeypatch.setattr(gpu, "torch_build", lambda: WITH_CUDA)
    monkeypatch.setattr(gpu, "candidates", lambda tier: [(number, CARD) for number in range(len(outcomes))])
    monkeypatch.setattr(gpu, "tried", lambda device, tier: next(results))
    return gpu.choose(text, "strict")


def test_auto_takes_the_first_card_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says which."""
    choice = choose(monkeypatch, "auto", "out of order", CARD)
    assert choice.device == CARD
    assert choice.told == "Device: cuda:1, Pretended."


def test_auto_takes_the_cpu_where_no_card_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says why not the card."""
    choice = choose(monkeypatch, "auto", "RuntimeError: no kernel image is available")
    assert choice.device == CPU
    assert choice.told == (
        "Device: cpu, though there is a card: cuda:0 (Pretended) does not work: RuntimeError: no kernel image is "
        "available."
    )


def test_auto_has_nothing_to_say_where_there_is_no_card() -> None:
    """As on most machines: nothing is tried, and torch is not imported for it."""
    if gpu.cards_here():
        pytest.skip("there is a card here")
    assert gpu.choose("auto", "strict") == gpu.Choice(device=CPU)


def test_cuda_is_refused_where_it_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason and what to do, instead of grading on another device than was asked for."""
    with pytest.raises(UsageError, match=r"cuda:0 \(Pretended\) does not work: broken\.\nSee whether"):
        choose(monkeypatch, "cuda", "broken")


def test_cuda_is_refused_by_a_build_for_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commonest case of all, so it names the build."""
    monkeypatch.setattr(gpu, "torch_build", lambda: gpu.Build(torch="2.13.0+cpu", cuda=None))
    for asked in ("cuda", "cuda:7"):
        with pytest.raises(
            UsageError, match=rf"^--device {asked}: PyTorch 2\.13\.0\+cpu is built without CUDA\.\nInstall"
        ):
            gpu.choose(asked, "strict")


def test_a_card_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With those that are."""
    with pytest.raises(UsageError, match=r"no such card\. Here: cuda:0 \(Pretended\)"):
        choose(monkeypatch, "cuda:3", CARD)


def test_what_a_trial_says_when_it_fails() -> None:
    """The line that was raised, not CUDA's advice to programmers after it."""
    said = (
        "Traceback (most recent call last):\n  File ...\ntorch.AcceleratorError: CUDA error: out of memory\n"
        "For debugging consider passing CUDA_LAUNCH_BLOCKING=1\n"
    )
    assert gpu.gist(said, 1) == "torch.AcceleratorError: CUDA error: out of memory"
    assert gpu.gist("", -9) == "its process ended with status -9"


@pytest.mark.skipif(sys.platform != "linux", reason="the strict sandbox is Linux's")
def test_a_trial_that_can_not_succeed_gives_its_reason() -> None:
    """The trial itself, for real: in the view, on a build that has no CUDA."""
    if gpu.torch_build().cuda is not None:
        pytest.skip("this PyTorch is built for CUDA")
    outcome = gpu.tried(Device(kind="cuda", visible="0"), "strict")
    assert isinstance(outcome, str)
    assert "Torch not compiled with CUDA enabled" in outcome


def test_what_the_doctor_says_of_a_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Which there is; and where PyTorch or a node is in the way, what to do."""
    found = [gpu.Card(index=0, minor=0, name="NVIDIA Pretended")]
    monkeypatch.setattr(gpu, "cards", lambda: found)
    monkeypatch.setattr(gpu, "torch_build", lambda: gpu.Build(torch="2.13.0+cpu", cuda=None))
    fact = diagnosis.card()
    assert (fact.will_do, fact.found) == (False, "NVIDIA Pretended; PyTorch 2.13.0+cpu is built without CUDA")
    monkeypatch.setattr(gpu, "torch_build", lambda: WITH_CUDA)
    monkeypatch.setattr(gpu, "nvidia_nodes", lambda root: [])
    assert "nvidia-modprobe" in diagnosis.card().remedy
    lay_out_system(tmp_path)
    nodes = [tmp_path / "dev/nvidiactl", tmp_path / "dev/nvidia-uvm"]
    monkeypatch.setattr(gpu, "nvidia_nodes", lambda root: nodes)
    roles = {nodes[0]: "control", nodes[1]: "memory"}
    monkeypatch.setattr(gpu, "role_of", lambda node, root: roles[node])
    assert (diagnosis.card().will_do, diagnosis.card().found) == (
        True,
        "NVIDIA Pretended; PyTorch for CUDA 13.0",
    )
    monkeypatch.setattr(gpu, "cards", list)
    assert diagnosis.card().will_do
