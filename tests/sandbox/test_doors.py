"""What torch computes operators with beside its dispatcher is not there for a student's code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HOSTILE = Path(__file__).resolve().parents[2] / "solutions" / "hw8" / "hostile" / "evading"

KEPT = """
kernel = torch._C._dispatch_get_computed_kernel_for_dispatch_key("aten::linear", "CPU")
compute = lambda: kernel.call_boxed(torch._C.DispatchKeySet(torch._C.DispatchKey.CPU), x, w, b)
"""
STATIC = """
graph = "graph(%x : Tensor, %w : Tensor, %b : Tensor):\\n  %y : Tensor = aten::linear(%x, %w, %b)\\n  return (%y)"
module = torch._C._jit_to_static_module(torch._C.parse_ir(graph))
compute = lambda: module(x, w, b)
"""
FUSED = """
torch._C._jit_set_te_must_use_llvm_cpu(False)
torch._C._jit_override_can_fuse_on_cpu(True)
torch._C._jit_set_texpr_fuser_enabled(True)
graph = (
    "graph(%x : Tensor):\\n  %a : Tensor = aten::neg(%x)\\n  %b : Tensor = aten::relu(%a)\\n"
    "  %y : Tensor = aten::neg(%b)\\n  return (%y)"
)
function = torch._C._create_function_from_graph("function", torch._C.parse_ir(graph))
compute = lambda: function(x)
with torch.no_grad():
    for _ in range(3):
        compute()
"""
ONEDNN = """
class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(w)

    def forward(self, x):
        return torch.nn.functional.linear(x, self.w).relu()

torch.jit.enable_onednn_fusion(True)
traced = torch.jit.freeze(torch.jit.trace(Layer().eval(), x))
compute = lambda: traced(x)
with torch.no_grad():
    for _ in range(3):
        compute()
"""
GROUPED = """
typed = "Float(3, 4, strides=[4, 1], requires_grad=0, device=cpu)"
graph = torch._C.parse_ir(
    f"graph(%x : {typed}):\\n  %a : {typed} = aten::relu(%x)\\n  %y : {typed} = aten::relu(%a)\\n  return (%y)"
)
torch._C._jit_pass_create_autodiff_subgraphs(graph, 1)
(group,) = graph.findAllNodes("prim::DifferentiableGraph")
other = graph.create("prim::StaticSubgraph", list(group.inputs()), 1)
other.copyAttributes(group)
other.insertBefore(group)
group.output().replaceAllUsesWith(other.output())
group.destroy()
function = torch._C._create_function_from_graph("function", graph)
compute = lambda: function(x)
"""
LOWERED = """
te = torch._C._te
sizes = [te.ExprHandle.int(size) for size in (2, 3, 4, 5)]
buffer = te.BufHandle("x", sizes, torch.float32)
compute = lambda: te.lower("aten::relu(Tensor self) -> Tensor", [buffer], sizes, torch.float32)
"""
DENSE = """
image, taps = torch.rand(1, 2, 5, 5), torch.rand(3, 2, 3, 3)
convolution = torch.ops.prim.mkldnn_convolution
compute = lambda: convolution(image, taps, None, [1, 1], [0, 0], [1, 1], 1)
"""
SCRIPTED = """
image, taps = torch.rand(1, 2, 5, 5), torch.rand(3, 2, 3, 3)
convolution = torch.ops.prim.mkldnn_convolution
compute = lambda: convolution(image.to_mkldnn(), taps.to_mkldnn(), None, [1, 1], [0, 0], [1, 1], 1)
"""
LAZY = f"""
import runpy
module = runpy.run_path({str(HOSTILE / "lazily.py")!r})
compute = None if module["NUMBER"] is None else lambda: module["ReLU"]()(x)
"""
READ = f"""
import runpy
program = runpy.run_path({str(HOSTILE / "program_from_bytes.py")!r})["PROGRAM"]
image, taps = torch.rand(1, 2, 5, 5), torch.rand(3, 2, 3, 3)
compute = None if program is None else lambda: program + (image, taps, torch.zeros(3), [1, 1], [0, 0])
"""
WAYS = {
    "kernel": KEPT,
    "static runtime": STATIC,
    "fuser": FUSED,
    "oneDNN's fuser": ONEDNN,
    "own tensors": SCRIPTED,
    "dense": DENSE,
    "group": GROUPED,
    "NNC": LOWERED,
    "bytes": READ,
    "lazy backend": LAZY,
}

PROGRAM = """
import sys, torch
from grader.sandbox.doors import shut_side_doors
from grader.sandbox.operators import ClosedOperators, out_of_turn
from grader.sandbox.protocol import ForbiddenRule

if sys.argv[1] == "shut":
    shut_side_doors()
x, w, b = torch.rand(3, 4) - 0.5, torch.rand(5, 4), torch.rand(5)
compute = None
try:
    exec(sys.argv[2])
except (AttributeError, RuntimeError, TypeError):
    pass
rules = (ForbiddenRule(names=(), instead="", operations=("aten::linear*", "aten::relu*")),)
if sys.argv[1] == "shut":
    ClosedOperators().close(rules, out_of_turn)
try:
    with torch.no_grad():
        print("computed" if compute is not None and compute() is not None else "refused")
except (AttributeError, RuntimeError):
    print("refused")
"""


@pytest.mark.parametrize(("how", "outcome"), [("shut", "refused"), ("open", "computed")])
@pytest.mark.parametrize("way", sorted(WAYS))
def test_no_machine_of_torchs_leads_past_closed_operators(way: str, how: str, outcome: str) -> None:
    """Neither one made while operators were open, nor one that has operators of its own; all of them lead somewhere."""
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, how, WAYS[way]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == outcome, done.stderr


AGAIN = """
import gc, importlib, sys, torch
from grader.sandbox.doors import FUNCTIONS, shut_side_doors
from grader.sandbox.watch import get_ready

get_ready()
functions = [getattr(torch._C, name) for name in sorted(FUNCTIONS) if hasattr(torch._C, name)]
assert len(functions) > 15
shut_side_doors()
assert [gc.get_referrers(functions[at]) for at in range(len(functions))] == [[functions]] * len(functions)
assert torch.jit.script(torch.nn.ReLU())(torch.ones(2)).sum() == 2
assert torch.ops.aten.log_normal.default(torch.ones(2)).shape == (2,)
del sys.modules["torch._C"]
try:
    module = importlib.import_module("torch._C")
except BaseException:
    module = None
print(sorted(name for name in FUNCTIONS if hasattr(module, name)))
"""


def test_a_second_import_brings_nothing_back() -> None:
    """What was taken out of torch._C stays out of it; who uses TorchScript gets what was to be compiled."""
    done = subprocess.run(
        [sys.executable, "-c", AGAIN], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


SIGNED = """
import torch
from grader.sandbox.doors import shut_side_doors

class Doubling(torch.nn.Module):
    @torch.jit.export
    def __add__(self, x: torch.Tensor):
        return x * 2

    def forward(self, x):
        return x * 2

program, x = torch.jit.script(Doubling())._c, torch.ones(2)
benchmark = torch._C.ThroughputBenchmark
assert (program + x).sum() == 4 and benchmark(program)
shut_side_doors()
for run in (lambda: program + x, lambda: program.forward(x), lambda: benchmark(program)):
    try:
        run()
        print("ran")
    except TypeError:
        pass
"""


def test_a_program_of_torchscripts_does_not_run_by_a_sign(tmp_path: Path) -> None:
    """An operator sign of its object's runs a method of its own, and a benchmark runs any."""
    file = tmp_path / "signed.py"  # TorchScript reads the source
    file.write_text(SIGNED, encoding="utf-8")
    command = [sys.executable, "-W", "ignore", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("", "")
