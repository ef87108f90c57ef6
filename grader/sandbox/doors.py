"""What torch computes operators with beside its dispatcher: taken away before a student's code runs.

Where an operator is closed, its kernels are replaced in the dispatcher (`operators`).  torch has a few machines that
come with kernels of their own, or that hand out the dispatcher's: the static runtime, nativert, the fusers of
TorchScript, and what tells the kernel that an operator has at present.  None of them is needed to solve homework.
"""

from __future__ import annotations

import gc
from typing import Any, Final

import torch

SWITCHES: Final = frozenset({
    "_jit_override_can_fuse_on_cpu",
    "_jit_override_can_fuse_on_cpu_legacy",
    "_jit_override_can_fuse_on_gpu",
    "_jit_set_llga_enabled",
    "_jit_set_texpr_fuser_enabled",
})  # fmt: skip
"""Functions of torch._C that turn fusers on and off."""

FUNCTIONS: Final = SWITCHES | {
    "_dispatch_get_computed_kernel_for_dispatch_key",
    "_fuse_to_static_module",
    "_jit_llga_fuser",
    "_jit_pass_fuse_tensorexprs",
    "_jit_set_te_must_use_llvm_cpu",
    "_jit_to_static_module",
}
"""Functions of torch._C that are taken away."""

METHODS: Final = {
    "Graph": ("createCudaFusionGroup", "createFusionGroup"),
    "Node": ("g_", "gs_"),
    "StaticModule": ("__call__", "benchmark", "benchmark_individual_ops", "runAsync"),
    "_nativert.PyModelRunner": ("__init__",),
    "_te.TensorExprKernel": ("__init__", "fallback", "run"),
}
"""Of torch._C's classes.  `Node.g_` puts a graph into a node, as a group that a fuser has made is."""


def shut_side_doors() -> None:
    """Once in a process, before workers are forked from it."""
    for name in SWITCHES & vars(torch._C).keys():
        getattr(torch._C, name)(False)
    forget(FUNCTIONS)
    for name, methods in METHODS.items():
        kind = named(name)
        for method in methods:
            if method in vars(kind):
                delattr(kind, method)


def forget(names: frozenset[str]) -> None:
    """Take these functions out of torch._C, and out of the copy of it that the import system may keep."""
    module = vars(torch._C)
    found = {name: module[name] for name in names & module.keys()}
    for holder in gc.get_referrers(*found.values()):
        if type(holder) is dict and holder is not found:
            for name in found:
                holder.pop(name, None)


def named(path: str) -> Any:
    """A class of torch._C, by where it is in there; an empty one where this torch has none."""
    found: Any = torch._C
    for name in path.split("."):
        found = getattr(found, name, type("Missing", (), {}))
    return found
