"""What torch computes operators with beside its dispatcher: taken away before a student's code runs.

Where an operator is closed, its kernels are replaced in the dispatcher (`operators`).  torch has a few machines that
come with kernels of their own, or that hand out the dispatcher's: the interpreter of TorchScript with its fusers, the
lazy backend that runs it, the static runtime, nativert, NNC, and what tells the kernel that an operator has at present.
None of them is needed to solve homework: `torch.jit.script` and `torch.jit.trace` give back what they are given, as
they do by PYTORCH_JIT=0.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, Final

import torch

FUNCTIONS: Final = frozenset({
    "_create_function_from_graph",
    "_create_function_from_trace",
    "_create_function_from_trace_with_dict",
    "_create_graph_by_tracing",
    "_dispatch_get_computed_kernel_for_dispatch_key",
    "_freeze_module",
    "_fuse_to_static_module",
    "_generate_upgraders_graph",
    "_import_ir_module_from_package",
    "_jit_interpret_graph",
    "_jit_pass_constant_propagation",
    "_jit_pass_constant_propagation_immutable_types",
    "_jit_script_class_compile",
    "_jit_script_compile",
    "_jit_script_compile_overload",
    "_jit_script_interface_compile",
    "_jit_to_backend",
    "_jit_to_backend_selective",
    "_jit_to_static_module",
    "_jit_trace_graph",
    "_jit_trace_module",
    "_load_for_lite_interpreter",
    "_load_for_lite_interpreter_from_buffer",
    "_load_jit_module_from_bytes",
    "_load_jit_module_from_file",
    "_load_mobile_module_from_bytes",
    "_load_mobile_module_from_file",
    "import_ir_module",
    "import_ir_module_from_buffer",
    "parse_ir",
})  # fmt: skip
"""Functions of torch._C that make graphs, run them, or give kernels away."""

METHODS: Final = {
    "CompilationUnit": ("__init__", "create_function", "define"),
    "Graph": ("__init__", "create", "createCudaFusionGroup", "createFusionGroup"),
    "LiteScriptModule": ("__init__", "forward", "run_method"),
    "Node": ("copyAttributes", "g_", "gs_"),
    "ScriptFunction": ("__call__",),
    "ScriptMethod": ("__call__",),
    "ScriptModule": ("_create_method_from_trace", "_create_method_from_trace_with_dict", "_define"),
    "StaticModule": ("__call__", "benchmark", "benchmark_individual_ops", "runAsync"),
    "ThroughputBenchmark": ("__init__", "benchmark", "run_once"),
    "_nativert.PyModelRunner": ("__init__",),
}
"""The same of torch._C's classes."""

KEPT: Final = frozenset({
    "__class__", "__copy__", "__deepcopy__", "__doc__", "__getattr__", "__hash__", "__init__", "__module__",
    "__setattr__",
})  # fmt: skip
"""What an object of TorchScript's does by itself; `a + b`, `a[0]`, `str(a)` and its state run its program's methods."""

COMPILING: Final = ("__init__", "call", "call_raw", "fallback", "run")
"""What makes and runs programs of NNC's, in the classes of torch._C._te."""

OPERATIONS: Final = ("_get_operation_overload", "_jit_get_operation")
"""Functions of torch._C that find what `torch.ops` offers: the dispatcher's operators, and TorchScript's own."""


def shut_side_doors() -> None:
    """Once in a process, before workers are forked from it."""
    torch.jit._state.disable()
    forget(FUNCTIONS)
    for name, methods in METHODS.items():
        lose(named(name), methods)
    scripted = named("ScriptObject")
    lose(scripted, tuple(name for name in vars(scripted) if name.startswith("__") and name not in KEPT))
    compiler = named("_te")
    for kind in [one for one in vars(compiler).values() if isinstance(one, type)]:
        lose(kind, COMPILING)
    for emptied in (compiler, named("_lazy_ts_backend")):
        for name in [name for name in vars(emptied) if not name.startswith("__")]:
            delattr(emptied, name)
    for name in OPERATIONS:
        setattr(torch._C, name, without_onednns_own(getattr(torch._C, name)))


def forget(names: frozenset[str]) -> None:
    """Take these functions out of whatever holds them: torch._C and torch, a copy of them that the import system may
    keep, the set of those that can't be overridden, TorchScript's list of pairs with their names."""
    module = vars(torch._C)
    found = {name: module[name] for name in names & module.keys()}
    pairs = getattr(torch.jit._builtins, "_builtin_ops", [])
    pairs[:] = [pair for pair in pairs if pair[0] not in found.values()]
    for holder in gc.get_referrers(*found.values()):
        if isinstance(holder, set):
            holder.difference_update(found.values())
        elif isinstance(holder, dict) and holder is not found:
            for key in (*found, *found.values()):
                holder.pop(key, None)


def lose(kind: type, methods: tuple[str, ...]) -> None:
    for method in methods:
        if method in vars(kind):
            delattr(kind, method)


def named(path: str) -> Any:
    """A class of torch._C, by where it is in there; an empty one where this torch has none."""
    found: Any = torch._C
    for name in path.split("."):
        found = getattr(found, name, type("Missing", (), {}))
    return found


def without_onednns_own(find: Callable[..., Any]) -> Callable[..., Any]:
    """The same but for TorchScript's operators on oneDNN's tensors, `prim::mkldnn_convolution` and the like."""

    def found(name: str, *rest: object) -> Any:
        if name.startswith("prim::") and "mkldnn" in name.lower():
            raise RuntimeError(f"{name} is not offered here")
        return find(name, *rest)

    return found
