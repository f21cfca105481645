"""Integer scalars that are a constant times a counter: where iteration k of a loop begins to read."""

from collections.abc import Callable

from jaxlib.mlir import ir

from dialects.constants import splat_integer
from dialects.ops import defining_op
from passes.analysis.ops.trip_count import constant_integer

IsCounter = Callable[[ir.Value], bool]


def times_counter(value: ir.Value, is_counter: IsCounter) -> int | None:
    """The f of ``value == f * counter``, where that can be read; the counter is at least zero.

    JAX makes indices non-negative by ``select(i < 0, i + n, i)``; of a counter that is the counter itself.
    """
    if is_counter(value):
        return 1
    op = defining_op(value)
    if op is None:
        return None
    if op.name in ("stablehlo.convert", "stablehlo.reshape"):
        return times_counter(op.operands[0], is_counter)
    if op.name == "stablehlo.select" and _is_negative(op.operands[0], is_counter):
        return times_counter(op.operands[2], is_counter)
    if op.name == "stablehlo.multiply":
        for one, other in (tuple(op.operands), tuple(op.operands)[::-1]):
            factor, constant = times_counter(one, is_counter), constant_integer(other)
            if factor is not None and constant is not None and constant >= 0:
                return factor * constant
    return None


def _is_negative(value: ir.Value, is_counter: IsCounter) -> bool:
    """Whether ``value`` asks if a multiple of the counter is below zero."""
    op = defining_op(value)
    if op is None or op.name != "stablehlo.compare" or " LT>" not in str(op.attributes["comparison_direction"]):
        return False
    return times_counter(op.operands[0], is_counter) is not None and splat_integer(op.operands[1]) == 0
