"""Bytes alive at once inside a function when ops run in program order: an estimate of its temporaries."""

from jaxlib.mlir import ir

from dialects.ops import all_operands, body_ops, num_bytes
from passes.analysis.op_costs import is_free_value, is_materialized


def peak_temp_bytes(block: ir.Block) -> float:
    """The most bytes of values that a block makes, keeps in memory and does not return, alive together.

    What XLA fuses into its reader takes no buffer (see ``op_costs``); a reshape shares its operand's.
    """
    ops = body_ops(block)
    returned = set(ops[-1].operands)
    last: dict[ir.Value, int] = {}
    for position, op in enumerate(ops):
        for value in all_operands(op):
            last[value] = position
    dies: dict[int, float] = {}
    alive = peak = 0.0
    for position, op in enumerate(ops):
        for value in op.results:
            if value not in returned and takes_buffer(value):
                alive += num_bytes(value)
                end = max(last.get(value, position), position)
                dies[end] = dies.get(end, 0.0) + num_bytes(value)
        inner = max((peak_temp_bytes(region.blocks[0]) for region in op.regions if len(op.regions) > 1), default=0.0)
        peak = max(peak, alive + inner)
        alive -= dies.pop(position, 0.0)
    return peak


def takes_buffer(value: ir.Value) -> bool:
    """Whether a value made inside a block gets memory of its own."""
    if not isinstance(value, ir.OpResult) or value.owner.operation.name == "stablehlo.reshape":
        return False
    return not is_free_value(value) and is_materialized(value)
