"""Hints about devices: what an exception about them means, and what would happen on a GPU where there is none.

On the CPU nobody sees who forgets to move something.  So the first call of each probe that was answered is asked again
as if there were a GPU (`sandbox.pretend`).  What that finds is a hint, and costs no points: a grader without a GPU has
not seen the code fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from grader.sandbox.limits import Limits
from grader.sandbox.protocol import Answered, Array, Call, Frame, Mapping, Raised, Reply, Value
from grader.sandbox.protocol import Sequence as ValueSequence

SAMPLES: Final = 16
CASES: Final = 2
BATCHES: Final = 2
"""How much of a call is asked again: enough to go through every line."""

MIXED = "MixedDevicesError"
TO_NUMPY = "StillOnTheCardError"

NOT_MOVED = (
    "A tensor on the CPU meets one on the GPU. Move the model and every batch with .to(device), and keep what .to "
    "gives back; make new tensors with device=x.device; a constant of a module moves with it only if it is registered "
    "with register_buffer."
)
BY_NAME = (
    "The code asks for a GPU by name, with .cuda() or device='cuda', and there is none where it was run. Use the "
    "`device` that the function is given, or that of its input, x.device."
)
NO_SUCH_NAME = (
    "The code asks for a device that PyTorch does not have here. Use the `device` that the function is given, or that "
    "of its input, x.device."
)
NUMPY = "NumPy can't look into a GPU's memory: tensor.detach().cpu().numpy()."
CHECKPOINT = (
    "torch.load puts a tensor back on the GPU where it was saved; with map_location=device it does not."
)
OUT_OF_MEMORY = (
    "Each worker may take {} MB of the GPU's memory. Keep numbers of the losses, loss.item(), not tensors with their "
    "graphs; work in smaller batches."
)
OUT_OF_RANGE = (
    "An index or a label is out of range: on a GPU that stops the program without telling which. Run it on the CPU, "
    "where the message names the line."
)
LOST = "A kernel on the GPU failed, and what was on it is lost. Run it on the CPU, where the message names the line."
CARD_NUMBER = (
    "The code names one GPU by its number, like cuda:1. Use the `device` that the function is given."
)
FORKED = "Processes of a DataLoader can't use the GPU: take num_workers=0, or move the batches in your own process."

MEANINGS: Final = {
    BY_NAME: (
        "Torch not compiled with CUDA", "No CUDA GPUs are available", "Found no NVIDIA driver",
        "driver version is insufficient", "Cannot access accelerator device when none is available",
        "without ATen_cuda library", "without CUDA support", "requires CUDA support", "dummy base class",
        "no attribute '_cuda_",
    ),
    NO_SUCH_NAME: (
        "Expected one of cpu, cuda,", "Invalid device string", "not linked with support for",
        r"compiled with \w+ enabled", r"arguments from the '(MPS|XPU|HIP|XLA|HPU)' backend",
    ),
    CHECKPOINT: ("Attempting to deserialize object on a CUDA device",),
    FORKED: ("Cannot re-initialize CUDA in forked",),
    CARD_NUMBER: ("invalid device ordinal", r"Attempting to deserialize object on CUDA device \d"),
    OUT_OF_MEMORY: ("CUDA out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDA error: out of memory"),
    NOT_MOVED: (
        "Expected all tensors to be on the same device", "Expected .* on the same device",
        "should be either on cpu or on",
        r"Input type \(.*\) and weight type \(.*\) should be the same", "is on cpu, (but )?(different|expected)",
    ),
    NUMPY: (r"can't convert (cuda|mps)\S* device type tensor to numpy",),
    OUT_OF_RANGE: ("device-side assert",),
    LOST: ("CUDA error", "CUDNN_STATUS", "CUBLAS_STATUS"),
}  # fmt: skip
"""Each hint with what PyTorch says, in the order in which they are looked for."""


def device_hint(replies: Iterable[Reply], limits: Limits, device: str) -> str | None:
    """What an exception about devices comes from, in a test on `device` ("cpu" or "cuda"); None where none was
    raised."""
    for reply in replies:
        if isinstance(reply, Raised):
            return meaning(reply.message, limits, device)
    return None


def meaning(message: str, limits: Limits, device: str) -> str | None:
    """The first hint that fits what PyTorch says.

    Of a fork PyTorch speaks where one of a DataLoader's asks for the GPU; and on the CPU, where whatever is graded runs
    in a fork, where anything does.
    """
    for hint, signs in MEANINGS.items():
        if any(re.search(sign, message) for sign in signs):
            chosen = BY_NAME if hint == FORKED and device == "cpu" else hint
            return chosen.format(limits.gpu_memory_mb)
    return None


def rehearsal(call: Call) -> Call:
    """The same question, cut short, as if there were a GPU."""
    cases = [{name: shortened(value) for name, value in case.items()} for case in call.cases[:CASES]]
    return msgspec.structs.replace(call, cases=cases, device="cuda", pretend=True)


def shortened(value: Value) -> Value:
    """Of many samples, or arrays in a list, the first: what is to be seen here does not depend on their number."""
    if isinstance(value, ValueSequence):
        arrays_alone = all(isinstance(one, Array) for one in value.items)
        items = value.items[:BATCHES] if arrays_alone else value.items
        return msgspec.structs.replace(value, items=[shortened(item) for item in items])
    if not isinstance(value, Array) or not value.shape or value.shape[0] <= SAMPLES:
        return value
    row = len(value.data) // value.shape[0]
    return msgspec.structs.replace(value, shape=(SAMPLES, *value.shape[1:]), data=value.data[: SAMPLES * row])


def finding(reply: Reply | None, lands: Sequence[str]) -> str | None:
    """What a rehearsal has shown, as a hint; None where nothing, or where it could not be gone through.

    `lands` are the results that have to be on the device which was asked for.
    """
    if isinstance(reply, Raised) and reply.type in (MIXED, TO_NUMPY):
        why = NOT_MOVED if reply.type == MIXED else NUMPY
        return f"This passes on the CPU and would fail on a GPU{line_of(reply.frames)}. {why}"
    if isinstance(reply, Answered) and lands and stays(reply, lands):
        return "The result stays on the CPU, whatever `device` is: it has to be made there, or moved with .to(device)."
    return None


def stays(reply: Answered, lands: Sequence[str]) -> bool:
    """Whether a result was made on the CPU in every case."""
    places = [value.device for case in reply.cases for value in arrays(case, lands)]
    return bool(places) and all(place == "cpu" for place in places)


def arrays(case: dict[str, Value], names: Sequence[str]) -> list[Array]:
    inner = [value.items for value in case.values() if isinstance(value, Mapping)]
    return [
        value
        for held in (case, *inner)
        for name, value in held.items()
        if name in names and isinstance(value, Array) and value.kind != "ndarray"
    ]


def line_of(frames: Sequence[Frame]) -> str:
    return f", at {frames[-1].file}, line {frames[-1].line} (`{frames[-1].text}`)" if frames else ""
