"""What an op computes and moves, if elementwise chains are fused: the part of its operands and results that goes through memory.

XLA fuses elementwise ops, broadcasts and views into what consumes or reduces them, so only *materialized* values move: arguments,
results of heavy ops (dot, convolution, scatter, sort …) and reductions, and what heavy ops or several ops read.
Source: the roofline model (Williams et al., CACM'09); XLA's instruction fusion (xla/service/instruction_fusion.cc).
"""

from dataclasses import dataclass

from jaxlib.mlir import ir

from dialects.constants import constant_elements
from dialects.ops import BARRIER, CONTROL_FLOW, shape_of

_VIEWS = frozenset(("stablehlo.reshape", BARRIER))
_HEAVY = frozenset(
    f"stablehlo.{name}"
    for name in (
        "dot_general convolution scatter gather sort fft cholesky triangular_solve reduce_window select_and_scatter custom_call "
        "rng rng_bit_generator dynamic_update_slice batch_norm_grad batch_norm_inference batch_norm_training while if case"
    ).split()
)
_REDUCES = frozenset(("stablehlo.reduce",))
_TERMINATORS = frozenset(("func.return", "stablehlo.return", "sdy.return"))
# These touch only the window of their first operand that they read or write.
_WINDOWED = frozenset(
    f"stablehlo.{name}" for name in ("gather", "slice", "dynamic_slice", "dynamic_update_slice", "scatter")
)


@dataclass(frozen=True, slots=True)
class Moved:
    """Which operands and results of an op go through memory (one flag each)."""

    operands: tuple[bool, ...]
    results: tuple[bool, ...]


def moved(op: ir.Operation) -> Moved:
    """The values that ``op`` reads from and writes to memory."""
    if op.name in _VIEWS or op.name in CONTROL_FLOW or is_free(op):
        return Moved((False,) * len(op.operands), (False,) * len(op.results))
    reads = [is_materialized(value) for value in op.operands]
    writes = [is_materialized(value) for value in op.results]
    if op.name in _WINDOWED and reads:
        reads[0] = False
    return Moved(tuple(reads), tuple(writes))


def is_heavy(op: ir.Operation) -> bool:
    """Whether an op is more than elementwise work or a view: XLA gives it a kernel of its own."""
    return op.name in _HEAVY


def is_materialized(value: ir.Value) -> bool:
    """Whether a value lives in memory between the ops that make and read it."""
    if not isinstance(value, ir.OpResult):
        return True
    op = value.owner.operation
    if is_free(op):
        return False
    if op.name in _HEAVY or op.name in _REDUCES:
        return True
    uses = iter(value.uses)
    only = next(uses, None)
    if only is None or next(uses, None) is not None:
        return True
    user = only.owner.operation.name
    return user in _HEAVY or user in _TERMINATORS


def is_free(op: ir.Operation) -> bool:
    """Whether every device can make its part of the result from nothing: constants, iotas, broadcasts of constant scalars."""
    if op.name in ("stablehlo.constant", "stablehlo.iota"):
        return True
    return op.name == "stablehlo.broadcast_in_dim" and not shape_of(op.operands[0]) and is_free_value(op.operands[0])


def is_free_value(value: ir.Value) -> bool:
    """Whether ``value`` is made by a free op."""
    return isinstance(value, ir.OpResult) and is_free(value.owner.operation)


def is_zero(op: ir.Operation) -> bool:
    """Whether a free op makes zeros only: such a value is its own unreduced part."""
    if op.name == "stablehlo.broadcast_in_dim":
        return isinstance(op.operands[0], ir.OpResult) and is_zero(op.operands[0].owner.operation)
    elements = constant_elements(op)
    if elements is None or not elements.is_splat:
        return False
    value = elements.get_splat_value()
    return isinstance(value, ir.FloatAttr | ir.IntegerAttr) and value.value == 0
