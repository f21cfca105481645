"""Bytes alive at once inside a function when ops run in program order: an upper estimate of its temporaries."""

from jaxlib.mlir import ir

from dialects.ops import all_operands, body_ops, entry_block, num_bytes

_NO_BUFFER = frozenset(
    {"stablehlo.constant", "stablehlo.iota", "stablehlo.broadcast_in_dim", "stablehlo.reshape", "stablehlo.transpose"}
)


def peak_temp_bytes(func: ir.OpView) -> float:
    """The most bytes of values that the function makes and that are alive together, results included.

    Broadcasts, reshapes, transposes and elementwise chains with one reader take no buffer: XLA fuses them.
    """
    ops = body_ops(entry_block(func))
    last: dict[ir.Value, int] = {}
    for position, op in enumerate(ops):
        for value in all_operands(op):
            last[value] = position
    dies: dict[int, float] = {}
    alive = peak = 0.0
    for position, op in enumerate(ops):
        made = sum(num_bytes(value) for value in op.results if _needs_buffer(op, value))
        alive += made
        peak = max(peak, alive)
        for value in op.results:
            if _needs_buffer(op, value):
                end = max(last.get(value, position), position)
                dies[end] = dies.get(end, 0.0) + num_bytes(value)
        alive -= dies.pop(position, 0.0)
    return peak


def _needs_buffer(op: ir.Operation, value: ir.Value) -> bool:
    return op.name not in _NO_BUFFER and len(list(value.uses)) != 1
