"""A pretended card: what would fail on a real one is seen, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from grader.sandbox.packing import pack
from grader.sandbox.pretend import (
    CARD,
    MixedDevicesError,
    Pretence,
    StillOnTheCardError,
    asks_for_a_card,
    pretending,
)
from grader.sandbox.protocol import Array, Mapping, Sequence

Given = Callable[[], Any]

pytestmark = pytest.mark.filterwarnings("ignore:PyTorch was compiled without cuDNN")


@pytest.fixture
def card() -> Iterator[Pretence]:
    with pretending(really=True) as mode:
        assert mode is not None
        yield mode


class Scaled(nn.Module):
    """A layer with a constant, kept as the argument says."""

    def __init__(self, *, registered: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(3, 4))
        if registered:
            self.register_buffer("constant", torch.full((3,), 2.0))
        else:
            self.constant = torch.full((3,), 2.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x @ self.weight.T) * self.constant


class Stateful(nn.Module):
    """Makes a tensor in its forward pass, with a device or without."""

    def __init__(self, *, placed: bool) -> None:
        super().__init__()
        self.placed = placed

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        options: dict[str, Any] = {"device": x.device} if self.placed else {}
        return torch.maximum(x, torch.zeros(x.shape, **options))


def on_card(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, device="cuda")


def test_a_tensor_says_where_it_would_be(card: Pretence) -> None:
    """By `device`, `is_cuda` and what is made from that; it is on the CPU for all that."""
    x = torch.ones(2).to("cuda")
    assert (str(x.device), x.is_cuda, x.get_device()) == (CARD, True, 0)
    assert torch.zeros(3, device=x.device).is_cuda
    assert torch.zeros_like(x).is_cuda
    assert (x * 2 + 1).sum().is_cuda
    assert not x.cpu().is_cuda
    assert float(x.sum()) == 2.0


def test_moving_leaves_the_original_where_it_was(card: Pretence) -> None:
    """`.to` gives a moved tensor back: whoever forgets to keep it has moved nothing (D03)."""
    x = torch.ones(2)
    x.to("cuda")
    assert not x.is_cuda


def test_a_move_to_where_it_is_costs_nothing(card: Pretence) -> None:
    """The same tensor comes back, as in torch."""
    x = torch.ones(2, device="cuda")
    assert x.to("cuda") is x
    assert x.cuda() is x


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: nn.Linear(4, 3)(on_card(2, 4)),
        lambda: nn.Linear(4, 3).cuda()(torch.rand(2, 4)),
        lambda: nn.Linear(4, 3).to(torch.device("cuda", 0))(torch.rand(2, 4)),
        lambda: Scaled(registered=False).to("cuda")(on_card(2, 4)),
        lambda: Stateful(placed=False)(on_card(2, 4)),
        lambda: functional.cross_entropy(on_card(2, 4), torch.tensor([0, 1])),
        lambda: on_card(3) + torch.from_numpy(np.ones(3)).to("cpu", torch.float32),
        lambda: torch.cat([on_card(3), torch.ones(3)]),
        lambda: on_card(3).add_(torch.ones(3)),
        lambda: torch.ones(4)[torch.tensor([0, 1], device="cuda")],
        lambda: on_card(2, 3) @ torch.rand(3, 2, device="cpu"),
        lambda: on_card(2) == torch.ones(2),
        lambda: on_card(3) + torch.from_numpy(np.ones(3)),
        lambda: torch.zeros(()).add_(on_card(2).sum()),
        lambda: totalled([on_card(2).sum()]),
        lambda: on_card(3) * torch.tensor([on_card(1).sum()] * 3),
        lambda: torch.ones(4, 4)[torch.tensor([0, 1], device="cuda"), 0],
        lambda: nn.LSTM(4, 5).cuda()(torch.rand(3, 2, 4)),
    ],
)
def test_what_fails_on_a_card_fails_here(card: Pretence, mistake: Given) -> None:
    """D01, D04, D05: model, batch, label, constant or index left behind."""
    with pytest.raises(MixedDevicesError, match="Expected all tensors to be on the same device"):
        mistake()


@pytest.mark.parametrize("mistake", [lambda: on_card(2).numpy(), lambda: np.asarray(on_card(2))])
def test_numpy_can_not_look_into_a_card(card: Pretence, mistake: Given) -> None:
    """D06."""
    with pytest.raises(StillOnTheCardError):
        mistake()


def counted(labels: torch.Tensor, guesses: torch.Tensor) -> torch.Tensor:
    """A table of right and wrong answers, on the CPU: single numbers of the card are good indices."""
    table = torch.zeros(2, 2)
    for label, guess in zip(labels, guesses, strict=True):
        table[label, guess] += 1
    return table


def unpadded(lengths: Any) -> torch.Tensor:
    """A recurrent network on sequences of unlike lengths, which have to be on the CPU."""
    packed = nn.utils.rnn.pack_padded_sequence(on_card(2, 3, 4), lengths, batch_first=True)
    hidden, _ = nn.LSTM(4, 5, batch_first=True).to("cuda")(packed)
    padded, kept = nn.utils.rnn.pad_packed_sequence(hidden, batch_first=True)
    assert not kept.is_cuda
    sums: torch.Tensor = padded + on_card(2, 3, 5)
    return sums


class ThroughNumpy(torch.autograd.Function):
    """A derivative of one's own, by NumPy."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return torch.from_numpy(2 * x.detach().cpu().numpy()).to(x.device)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        x: torch.Tensor = ctx.saved_tensors[0]
        return torch.from_numpy(2 * gradients[0].cpu().numpy()).to(gradients[0]) + 0 * x


def through_numpy(x: torch.Tensor) -> None:
    torch.autograd.backward(ThroughNumpy.apply(x).square().sum())  # type: ignore[no-untyped-call]


def totalled(losses: list[torch.Tensor]) -> torch.Tensor:
    """A running total that was begun on the CPU."""
    total = torch.tensor(0.0)
    for loss in losses:
        total += loss
    return total


def trained(make: Callable[[Any], torch.optim.Optimizer]) -> float:
    """A training loop as it should be."""
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Dropout(0.1), nn.Flatten(), nn.Linear(32, 3)
    )
    model.to("cuda").train()
    optimizer = make(model.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    loss = torch.zeros(())
    for x, y in [(torch.rand(5, 1, 6, 6), torch.tensor([0, 1, 2, 0, 1]))] * 3:
        loss = functional.cross_entropy(model(x.to("cuda")), y.to("cuda"))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
    return loss.item()


@pytest.mark.parametrize(
    "right",
    [
        lambda: Scaled(registered=True).to("cuda")(on_card(2, 4)),
        lambda: Stateful(placed=True)(on_card(2, 4)),
        lambda: on_card(3) * torch.tensor(2.0),
        lambda: on_card(3).numpy(force=True),
        lambda: on_card(3)[torch.tensor([True, False, True])],
        lambda: on_card(3)[torch.randperm(3)],
        lambda: on_card(3).copy_(torch.ones(3)),
        lambda: on_card(3).copy_(torch.from_numpy(np.ones(3, np.float32))),
        lambda: torch.from_numpy(np.ones(3, np.float32)).to("cuda") + on_card(3),
        lambda: nn.Linear(4, 3).to(device="cuda")(on_card(2, 4)),
        lambda: nn.Linear(4, 3).to(device="cuda", dtype=torch.float64)(on_card(2, 4).double()),
        lambda: torch.eye(3)[torch.tensor(1).to("cuda")] + torch.ones(3),
        lambda: counted(torch.tensor([0, 1]).to("cuda"), torch.tensor([1, 1]).to("cuda")) + torch.ones(2, 2),
        lambda: torch.ones(2).fill_(on_card(1).sum()) + torch.ones(2),
        lambda: torch.tensor([on_card(1).sum(), on_card(1).sum()]) + torch.ones(2),
        lambda: unpadded(torch.tensor([3, 2])),
        lambda: unpadded([3, 2]),
        lambda: on_card(6).tensor_split(torch.tensor([2, 4])),
        lambda: functional.ctc_loss(
            on_card(5, 2, 4), torch.tensor([[1, 2]] * 2).cuda(), torch.tensor([5, 5]), torch.tensor([2, 2])
        ),
        lambda: through_numpy(on_card(3).requires_grad_()),
        lambda: torch.ones(3).type_as(on_card(2)) + on_card(3),
        lambda: torch.as_tensor(np.ones(3, np.float32), device="cuda") + on_card(3),
        lambda: torch.as_tensor(torch.ones(3), device="cuda") + on_card(3),
        lambda: on_card(3).new_zeros(3) + torch.ones(3).cuda(),
        lambda: copy.deepcopy(nn.Linear(4, 3).to("cuda"))(on_card(2, 4)),
        lambda: nn.Linear(4, 3, device="cuda")(on_card(2, 4)),
        lambda: nn.Linear(4, 3).to(on_card(1))(on_card(2, 4)),
        lambda: torch.vmap(lambda row: row * 2)(on_card(2, 3)),
        lambda: on_card(4).as_strided((2, 2), (2, 1)) @ on_card(2, 2),
        lambda: on_card(3).expand_as(torch.ones(2, 3)) + on_card(2, 3),
        lambda: trained(lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9)),
        lambda: trained(lambda parameters: torch.optim.AdamW(parameters, lr=0.1)),
    ],
)
def test_what_works_on_a_card_works_here(card: Pretence, right: Given) -> None:
    """A false alarm is worse than a miss."""
    right()


IDIOM = "cuda" if torch.cuda.is_available() else "cpu"
"""As it is found at the head of many a module, and loaded where there is no card."""


@pytest.mark.parametrize(
    "right",
    [
        lambda: torch.zeros(3, device=IDIOM) + on_card(3),
        lambda: torch.zeros(3).to(IDIOM) + on_card(3).to(IDIOM),
        lambda: torch.zeros(3).to(torch.device(IDIOM)) + on_card(3),
        lambda: on_card(3).to("cpu").numpy(),
        lambda: nn.Linear(4, 3).to(IDIOM)(on_card(2, 4)),
    ],
)
def test_who_asks_whether_there_is_a_card_is_not_accused(right: Given) -> None:
    """On a grader with one the answer would have been another, so that the CPU by its name is no mistake."""
    with pretending(really=True, asks=True):
        right()


@pytest.mark.parametrize(
    "mistake",
    [lambda: torch.zeros(3) + on_card(3), lambda: on_card(3).cpu() + on_card(3), lambda: on_card(3).numpy()],
)
def test_who_asks_and_forgets_to_move_is_told(mistake: Given) -> None:
    """What was made without a device is on the CPU, whatever the answer."""
    with pretending(really=True, asks=True), pytest.raises((MixedDevicesError, StillOnTheCardError)):
        mistake()


def test_where_it_is_of_what_is_not_known_is_not_held_against_anybody() -> None:
    """A tensor that is not known says "cpu", and so does whatever is made where it is."""
    before = torch.ones(3)
    with pretending(really=True):
        torch.zeros(3, device=before.device) + on_card(3)
        torch.zeros(3).to(before) + on_card(3)
        torch.zeros(3).type_as(before) + on_card(3)


def test_numpys_way_in_is_as_it_was() -> None:
    """The pretence leaves nothing behind."""
    lend = torch.from_numpy
    with pretending(really=True):
        pass
    assert torch.from_numpy is lend


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        ("device = 'cuda' if torch.cuda.is_available() else 'cpu'", True),
        ("device = torch.accelerator.current_accelerator()", True),
        ("x = x.to(device)", False),
    ],
)
def test_who_asks_is_known_by_the_text(source: str, *, asks: bool) -> None:
    """Of the module or of one of its helpers."""
    assert asks_for_a_card(["import torch", source]) is asks


def test_weights_loaded_from_the_cpu_arrive(card: Pretence) -> None:
    """`load_state_dict` copies, wherever the values come from."""
    model = nn.Linear(4, 3).to("cuda")
    model.load_state_dict(nn.Linear(4, 3).state_dict())
    assert model(on_card(2, 4)).is_cuda


def test_gradients_are_where_the_parameters_are(card: Pretence) -> None:
    """So a step of one's own works, and a gradient kept on the CPU does not."""
    model = nn.Linear(4, 3).to("cuda")
    torch.autograd.backward(model(on_card(2, 4)).sum())
    with torch.no_grad():
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.sub_(0.1 * parameter.grad)
    assert model.weight.is_cuda


def test_what_was_there_before_is_not_judged() -> None:
    """Where a tensor of the module's top level is, is not known: no alarm."""
    before = torch.ones(3)
    with pretending(really=True):
        torch.ones(3, device="cuda") + before


def test_memory_that_is_gone_is_forgotten(card: Pretence) -> None:
    """A long training loop does not pile up what it has thrown away."""
    for _ in range(20_000):
        torch.zeros(1)
    assert len(card._places) < 10_000


def test_what_is_sent_says_where_it_would_be(card: Pretence) -> None:
    """Also within a list or a dictionary, where a result may be; and the values are those that were computed."""
    here, there = torch.full((2,), 3.0), torch.full((2,), 3.0).to("cuda")
    packed = pack({"inner": [here, there], "outer": there}, place_of=card.place_of)
    assert isinstance(packed, Mapping)
    inner, outer = packed.items["inner"], packed.items["outer"]
    assert isinstance(inner, Sequence)
    assert isinstance(outer, Array)
    arrays = [one for one in (*inner.items, outer) if isinstance(one, Array)]
    assert [one.device for one in arrays] == ["cpu", CARD, CARD]
    assert [one.numpy().tolist() for one in arrays] == [[3.0, 3.0]] * 3


def test_to_take_an_answer_apart_is_no_work_for_the_pretence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked by a call of its own where each tensor is: a third of a rehearsal's time was in the rest."""
    seen: list[object] = []
    pretend = Pretence.__torch_function__

    def counted(mode: Pretence, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        seen.append(func)
        return pretend(mode, func, types, args, kwargs)

    with pretending(really=True) as card:
        assert card is not None
        x = torch.ones(2, requires_grad=True)
        monkeypatch.setattr(Pretence, "__torch_function__", counted)
        pack([x, x], place_of=card.place_of)
    assert seen == []


def test_nothing_is_pretended_where_that_is_not_wanted() -> None:
    """The ordinary call."""
    with pretending(really=False) as mode:
        assert mode is None
        assert str(torch.ones(1).device) == "cpu"
