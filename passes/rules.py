"""The sharding rules that decisions inside a mesh are made by: Shardy's, and ours on ops with windows.

``microbatch`` reads Shardy's alone: time is never exchanged.
"""

from jaxlib.mlir import ir

from passes.analysis.ops.window_rules import write_window_rules
from passes.native import run_native


def write_rules(module: ir.Module) -> None:
    """Write a rule on every op that has one."""
    run_native(module, "func.func(sdy-populate-op-sharding-rules)")
    write_window_rules(module.operation)
