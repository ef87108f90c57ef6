"""Worker's side: a card that is only pretended, so that a machine without one sees who forgets to move something.

Everything is computed on the CPU, with real numbers, so that code which looks at values (`loss.item()`, a branch) runs
as ever.  A function mode sees every call of torch's Python API and keeps account of where each piece of memory would
be: on the card after `.to("cuda")`, and where it is computed from what is there; on the CPU where it was made here
without a device; and it may not be known, as of what NumPy lent or of what was there before.  An operation on operands
of both places raises, as on a machine with a card.  What is not known never does: a miss is better than a false alarm.

What it raises has types of its own, so that nothing else is taken for a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode

CARD: Final = "cuda:0"
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


GETTERS: Final[dict[Function, Function]] = {
    Tensor.device.__get__: lambda place: torch.device(place),
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
    Tensor.copy_, setter(Tensor.data), setter(Tensor.grad), Tensor.__setitem__, Tensor.index_put_, Tensor.new_tensor,
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


class Pretence(TorchFunctionMode):
    """The mode; `place_of` tells where a tensor would be."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[int, tuple[StorageWeakRef, str]] = {}

    def __torch_function__(self, func: Function, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in DESCRIBING:
            return func(*args, **(kwargs or {}))
        if func in GETTERS:
            place = self.place_of(args[0])
            return GETTERS[func](place) if place else func(*args)
        options = dict(kwargs or {})
        if func in TO_NUMPY and self.place_of(args[0]) == CARD and not options.get("force"):
            raise StillOnTheCardError(
                f"can't convert {CARD} device type tensor to numpy: use Tensor.cpu() first"
            )
        if func in MOVES:
            return self._moved(func, args, options)
        operands = list(tensors_in((*args, *options.values()) if options else args))
        if func is torch._C._nn._parse_to and operands:  # what a module's `to` makes of its arguments
            device, *rest = func(*args, **options)
            return (torch.device(self.place_of(operands[0]) or device), *rest)
        places = [self.place_of(one) for one in operands]
        if func not in ANYWHERE and CARD in places and "cpu" in places:
            refuse_mixed(func, args, operands, places)
        return self._computed(func, args, options, operands, places)

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
        made = not operands and asked is None
        place = kind_of(asked) if asked is not None else "cpu" if made else place_of_all(places)
        for one in tensors_in((result,)):
            if asked is not None and operands and place != self.place_of(one) and shares_any(one, operands):
                return self._put(
                    result.clone(), place
                )  # as_tensor(tensor, device=...) hands back the same memory
            if not self.place_of(one):
                self._put(one, place)
        return result

    # ------------------------------------------------------------------------------------ account

    def place_of(self, tensor: Any) -> str:
        """ "cuda:0", "cpu", or "" where it is not known."""
        storage = storage_of(tensor)
        found = self._places.get(storage._cdata) if storage is not None else None
        return found[1] if found is not None else ""

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


def place_of_all(places: list[str]) -> str:
    """Of what is computed from operands there: the card's where one of them is there."""
    return CARD if CARD in places else "" if "" in places else "cpu"


def refuse_mixed(func: Function, args: Any, operands: list[Tensor], places: list[str]) -> None:
    """Operands of the card meet some of the CPU: a single number may, and what a tensor on the card is indexed by."""
    if func is Tensor.__getitem__ and (not isinstance(args[0], Tensor) or places[0] != "cpu"):
        return
    met = {place for one, place in zip(operands, places, strict=True) if place == CARD or one.dim() > 0}
    if {CARD, "cpu"} <= met:
        raise MixedDevicesError(
            f"Expected all tensors to be on the same device, but found at least two devices, {CARD} and cpu!"
        )


def moved_to(mode: Pretence, args: Any, options: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    """`x.to(...)`: the place, and what is left to be done on the CPU."""
    rest, place, named = list(args), "", dict(options)
    if rest and (isinstance(rest[0], str | torch.device) or type(rest[0]) is int):
        place, rest[0] = kind_of(rest[0]), "cpu"
    elif rest and isinstance(rest[0], Tensor):
        place = mode.place_of(rest[0])
    if named.get("device") is not None:
        place, named["device"] = kind_of(named["device"]), "cpu"
    other = named.get("other")
    return (mode.place_of(other) if isinstance(other, Tensor) else place), rest, named


def moved_to_card(
    mode: Pretence, args: Any, options: dict[str, Any]
) -> tuple[str, list[Any], dict[str, Any]]:
    return CARD, [], {}


def moved_to_cpu(mode: Pretence, args: Any, options: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    return "cpu", [], {}


def moved_like(mode: Pretence, args: Any, options: dict[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    other = args[0] if args else options["other"]
    return mode.place_of(other), [other.dtype], {}


MOVES: Final = {
    Tensor.to: moved_to,
    Tensor.cuda: moved_to_card,
    Tensor.cpu: moved_to_cpu,
    Tensor.type_as: moved_like,
}


def kind_of(device: Any) -> str:
    """Where that would be: any card is the one, everything else the CPU."""
    if type(device) is int:
        return CARD
    return CARD if str(device).partition(":")[0] == "cuda" else "cpu"


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
def pretending(*, really: bool) -> Iterator[Pretence | None]:
    """Within it there is a card, or so it seems; None, and nothing, where that is not wanted."""
    if not really:
        yield None
        return
    with Pretence() as mode:
        yield mode
