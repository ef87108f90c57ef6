"""Worker's side: a card that is only pretended, so that a machine without one sees who forgets to move something.

Everything is computed on the CPU, with real numbers, so that code which looks at values (`loss.item()`, a branch) runs
as ever.  A function mode sees every call of torch's Python API and keeps account of where each piece of memory would
be: on the card after `.to("cuda")`, and where it is computed from what is there; on the CPU where it was made here
without a device; and it may not be known, as of what was there before.  An operation on operands of both places raises,
as on a machine with a card.  What is not known never does: a miss is better than a false alarm.

`torch.cuda.is_available()` says no, and a module has asked before anything is pretended.  So of a module that asks, the
CPU by its name may be the card: `device = "cuda" if torch.cuda.is_available() else "cpu"`.

What it raises has types of its own, so that nothing else is taken for a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode, _get_current_function_mode

CARD: Final = "cuda:0"
UNKNOWN: Final = "unknown"
PRUNE_EVERY: Final = 4096

Tensor = torch.Tensor
Function = Callable[..., Any]


class MixedDevicesError(RuntimeError):
    """Two operands that would be on different devices."""


class StillOnTheCardError(TypeError):
    """NumPy can't look into a card's memory."""


def getter(attribute: Any) -> Any:
    """By which torch tells that an attribute is read."""
    return attribute.__get__


def setter(attribute: Any) -> Any:
    """By which torch tells that an attribute is set."""
    return attribute.__set__


DEVICE: Final = getter(Tensor.device)
GETTERS: Final[dict[Function, Function]] = {
    DEVICE: lambda place: torch.device(place),
    getter(Tensor.is_cuda): lambda place: place == CARD,
    getter(Tensor.is_cpu): lambda place: place != CARD,
    Tensor.get_device: lambda place: 0 if place == CARD else -1,
}
TO_NUMPY: Final[set[Function]] = {Tensor.numpy, Tensor.__array__}
SHAPE_OF_OTHER: Final[set[Function]] = {
    Tensor.expand_as, Tensor.view_as, Tensor.reshape_as, torch.is_same_size, torch.result_type,
    torch._has_compatible_shallow_copy_type,
}  # fmt: skip
"""They look at another tensor's shape or type and not at its values."""

COPYING: Final[set[Function]] = {
    Tensor.copy_, Tensor.fill_, setter(Tensor.data), setter(Tensor.grad), Tensor.__setitem__, Tensor.index_put_,
    Tensor.new_tensor,
}  # fmt: skip
"""They take values from anywhere."""

DESCRIBING: Final[set[Function]] = {
    getter(Tensor.shape), getter(Tensor.dtype), getter(Tensor.ndim), getter(Tensor.requires_grad),
    getter(Tensor.is_leaf), getter(Tensor.layout), getter(Tensor.is_sparse), getter(Tensor.is_nested),
    getter(Tensor.is_mkldnn), Tensor.dim, Tensor.size, Tensor.numel, Tensor.stride, Tensor.is_contiguous,
    Tensor.is_floating_point, Tensor.__len__, torch._C._set_grad_enabled,
}  # fmt: skip
"""They tell what is the same wherever a tensor is, or ask for no tensor at all."""

ANYWHERE: Final = SHAPE_OF_OTHER | COPYING
FROM_LISTS: Final[set[Function]] = {torch.tensor, torch.as_tensor, torch.asarray}
GIVING_LENGTHS: Final[set[Function]] = {torch._VF._pack_padded_sequence, torch._VF._pad_packed_sequence}
LENGTHS_ON_THE_CPU: Final[set[Function]] = GIVING_LENGTHS | {
    torch._VF.lstm, torch._VF.gru, torch._VF.rnn_tanh, torch._VF.rnn_relu, torch.nn.functional.ctc_loss,
    torch.ctc_loss, torch.tensor_split, Tensor.tensor_split,
}  # fmt: skip
"""Whole numbers that say how long something is are on the CPU for them, whatever is on the card."""

ASKING: Final = ("is_available", "device_count", "current_accelerator")


class Pretence(TorchFunctionMode):
    """The mode; `place_of` tells where a tensor would be.

    `asks`: whether the module asks if there is a card, so that the CPU by its name may be the card.
    """

    def __init__(self, *, asks: bool = False) -> None:
        super().__init__()
        self._cpu = UNKNOWN if asks else "cpu"
        self._places: dict[int, tuple[StorageWeakRef, str]] = {}

    def __torch_function__(self, func: Function, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in DESCRIBING:
            return func(*args, **(kwargs or {}))
        if func in GETTERS:
            return self._told(func, args[0])
        options = dict(kwargs or {})
        if func in TO_NUMPY and self.place_of(args[0]) == CARD and not options.get("force"):
            raise StillOnTheCardError(
                f"can't convert {CARD} device type tensor to numpy: use Tensor.cpu() first"
            )
        if func in MOVES:
            return self._moved(func, args, options)
        operands = list(tensors_in((*args, *options.values()) if options else args))
        if func is torch._C._nn._parse_to:  # what a module's `to` makes of its arguments
            device, *rest = func(*args, **options)
            return (self._told(DEVICE, operands[0]) if operands else device, *rest)
        places = [self.place_of(one) for one in operands]
        if func not in ANYWHERE and CARD in places and "cpu" in places:
            refuse_mixed(func, args, operands, places)
        return self._computed(func, args, options, operands, places)

    def _told(self, func: Function, tensor: Tensor) -> Any:
        """Where it is; of what is not known, the CPU, which may be said again by name."""
        place = self.place_of(tensor)
        if place:
            return GETTERS[func](place)
        self._cpu = UNKNOWN
        return func(tensor)

    # ------------------------------------------------------------------------------------- moving

    def _moved(self, func: Function, args: Any, options: dict[str, Any]) -> Any:
        """`to` and its kin, without leaving the CPU."""
        source = args[0]
        place, rest, named = MOVES[func](self, args[1:], options)
        result = Tensor.to(source, *rest, **named) if rest or named else source
        wanted = place or self.place_of(source)
        if wanted and wanted != self.place_of(source) and shares_memory(result, source):
            result = result.clone()
        return self._put(result, wanted)

    def _computed(
        self, func: Function, args: Any, options: dict[str, Any], operands: list[Tensor], places: list[str]
    ) -> Any:
        asked = options.get("device")
        if asked is not None and func is not torch.device:
            options["device"] = "cpu"
        result = func(*args, **options)
        place = self.named(asked) if asked is not None else place_of_result(func, args, places)
        for number, one in enumerate(tensors_in((result,))):
            if asked is not None and operands and place != self.place_of(one) and shares_any(one, operands):
                # as_tensor(tensor, device=...) hands back the same memory
                return self._put(result.clone(), place)
            if not self.place_of(one):
                self._put(one, "cpu" if number > 0 and func in GIVING_LENGTHS else place)
        return result

    # ------------------------------------------------------------------------------------ account

    def place_of(self, tensor: Any) -> str:
        """ "cuda:0", "cpu", or "" where it is not known."""
        storage = storage_of(tensor)
        found = self._places.get(storage._cdata) if storage is not None else None
        return found[1] if found is not None and found[1] != UNKNOWN else ""

    def named(self, device: Any) -> str:
        """Where that would be: any card is the one, everything else the CPU, or not known."""
        is_card = type(device) is int or str(device).partition(":")[0] == "cuda"
        return CARD if is_card else self._cpu

    def lent(self, tensor: Tensor) -> Tensor:
        """What NumPy lends is on the CPU; not known in a backward pass, where no `to` is seen that moves it."""
        seeing = _get_current_function_mode() is self  # type: ignore[no-untyped-call]
        return self._put(tensor, "cpu" if seeing else "")  # type: ignore[no-any-return]

    def _put(self, tensor: Any, place: str) -> Any:
        storage = storage_of(tensor)
        if storage is not None and place:
            # the weak reference keeps the number from being given to another piece of memory
            self._places[storage._cdata] = (StorageWeakRef(storage), place)  # type: ignore[no-untyped-call]
            if len(self._places) % PRUNE_EVERY == 0:
                self._forget()
        return tensor

    def _forget(self) -> None:
        """What is gone by now."""
        held = self._places.items()
        self._places = {key: kept for key, kept in held if not kept[0].expired()}  # type: ignore[no-untyped-call]


def place_of_result(func: Function, args: Any, places: list[str]) -> str:
    """Of what is computed from operands there: the card's where one of them is there.

    What is made of nothing, or of a list's numbers, is on the CPU.
    """
    if func in FROM_LISTS and args and not isinstance(args[0], Tensor):
        return "cpu"
    return CARD if CARD in places else "" if "" in places else "cpu"


def refuse_mixed(func: Function, args: Any, operands: list[Tensor], places: list[str]) -> None:
    """Operands of the card meet some of the CPU: a single number may, unless the result is written into it, and what a
    tensor on the card is indexed by."""
    if func is Tensor.__getitem__ and (not isinstance(args[0], Tensor) or places[0] != "cpu"):
        return
    kept = operands[0] if writes_into_first(func) else None
    met = {
        place
        for one, place in zip(operands, places, strict=True)
        if (place == CARD or one.dim() > 0 or one is kept) and not is_read_as_number(func, one)
    }
    if {CARD, "cpu"} <= met:
        raise MixedDevicesError(
            f"Expected all tensors to be on the same device, but found at least two devices, {CARD} and cpu!"
        )


def writes_into_first(func: Function) -> bool:
    """`add_`, `__iadd__`."""
    name = getattr(func, "__name__", "")
    return name.startswith("__i") or (name.endswith("_") and not name.endswith("__"))


def is_read_as_number(func: Function, operand: Tensor) -> bool:
    """An index that is a single whole number, and lengths, are read, wherever they are."""
    if operand.dtype.is_floating_point or operand.dtype in (torch.bool, torch.uint8):
        return False
    return func in LENGTHS_ON_THE_CPU or (func is Tensor.__getitem__ and operand.dim() == 0)


def moved_to(mode: Pretence, args: Any, options: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    """`x.to(...)`: the place, and what is left to be done on the CPU."""
    rest, place, named = list(args), "", dict(options)
    if rest and (isinstance(rest[0], str | torch.device) or type(rest[0]) is int):
        place, rest[0] = mode.named(rest[0]), "cpu"
    elif rest and isinstance(rest[0], Tensor):
        place = mode.place_of(rest[0]) or UNKNOWN
    if named.get("device") is not None:
        place, named["device"] = mode.named(named["device"]), "cpu"
    other = named.get("other")
    return (mode.place_of(other) or UNKNOWN if isinstance(other, Tensor) else place), rest, named


def moved_to_card(
    mode: Pretence, args: Any, options: dict[str, Any]
) -> tuple[str, list[Any], dict[str, Any]]:
    return CARD, [], {}


def moved_to_cpu(mode: Pretence, args: Any, options: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    return "cpu", [], {}


def moved_like(mode: Pretence, args: Any, options: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    other = args[0] if args else options["other"]
    return mode.place_of(other) or UNKNOWN, [other.dtype], {}


MOVES: Final = {
    Tensor.to: moved_to,
    Tensor.cuda: moved_to_card,
    Tensor.cpu: moved_to_cpu,
    Tensor.type_as: moved_like,
}


def storage_of(value: Any) -> Any:
    """A tensor's memory; None of what has none to be known by (a function transform's, a sparse one)."""
    if not isinstance(value, Tensor):
        return None
    try:
        return value.untyped_storage()
    except (RuntimeError, NotImplementedError):
        return None


def shares_memory(one: Tensor, other: Tensor) -> bool:
    mine, its = storage_of(one), storage_of(other)
    return mine is not None and its is not None and mine._cdata == its._cdata


def shares_any(one: Tensor, others: Iterable[Tensor]) -> bool:
    return any(shares_memory(one, other) for other in others)


def tensors_in(values: Iterable[Any], depth: int = 0) -> Iterator[Tensor]:
    """Those among arguments or results, in lists and dictionaries too."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif type(value) in (list, tuple) and depth < 3:
            yield from tensors_in(value, depth + 1)
        elif type(value) is dict and depth < 3:
            yield from tensors_in(value.values(), depth + 1)


@contextmanager
def pretending(*, really: bool, asks: bool = False) -> Iterator[Pretence | None]:
    """Within it there is a card, or so it seems; None, and nothing, where that is not wanted."""
    if not really:
        yield None
        return
    lend = torch.from_numpy  # which no mode gets to see
    with Pretence(asks=asks) as mode:
        torch.from_numpy = lambda ndarray: mode.lent(lend(ndarray))
        try:
            yield mode
        finally:
            torch.from_numpy = lend


def asks_for_a_card(sources: Iterable[str]) -> bool:
    """Whether code asks if there is a card, by any of the ways to ask."""
    return any(word in source for source in sources for word in ASKING)
