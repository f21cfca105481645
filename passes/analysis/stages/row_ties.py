"""Which ops make row i of a result of row i of their operands alone, along dim 0: what happens to a stack happens to its parts."""

from collections.abc import Sequence

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.attributes import FOLD
from dialects.build import call_target
from dialects.constants import is_constant
from dialects.ops import BARRIER, defining_op, element_type, shape_of
from passes.analysis.ops.folds import body_fold, has_zero, neutral
from passes.analysis.ops.local_rules import ELEMENTWISE

Sources = tuple[int, ...]


def row_sources(value: ir.Value) -> Sources | None:
    """Positions of the operands whose rows make those of ``value``; None where its maker is no such op, or there is none."""
    op, shape = defining_op(value), shape_of(value)
    if op is None or not shape:
        return None
    if op.name == BARRIER:
        return (ir.OpResult(value).result_number,)
    if op.name in ELEMENTWISE:
        same = tuple(i for i, operand in enumerate(op.operands) if shape_of(operand) == shape)
        return same if not len(op.regions) and same else None
    if op.name == "stablehlo.concatenate":
        return tuple(range(len(op.operands))) if ir.IntegerAttr(op.attributes["dimension"]).value != 0 else None
    if op.name == "stablehlo.reduce":
        return tuple(range(len(op.results))) if 0 not in _ints(op, "dimensions") else None
    if op.name == "stablehlo.dot_general":
        return (0, 1) if _batches_rows(op) else None
    return (0,) if _one_operand(op, shape) else None


def _one_operand(op: ir.Operation, shape: Sequence[int]) -> bool:
    if not len(op.operands) or shape_of(op.operands[0])[:1] != tuple(shape[:1]):
        return False
    if op.name == "stablehlo.reshape":
        return True
    if op.name == "stablehlo.transpose":
        return _ints(op, "permutation")[0] == 0
    if op.name == "stablehlo.broadcast_in_dim":
        return _ints(op, "broadcast_dimensions")[0] == 0
    if op.name == "stablehlo.slice":
        return _ints(op, "strides")[0] == 1  # of all rows, since there are as many
    if op.name == "stablehlo.pad":
        return not any(_ints(op, edge)[0] for edge in PADS)
    return call_target(op) == FOLD


PADS = ("edge_padding_low", "edge_padding_high", "interior_padding")


def makes_any(value: ir.Value) -> bool:
    """Whether rows of ``value`` can be made without it: a constant, a broadcast along dim 0, row numbers of another dim."""
    op = defining_op(value)
    if op is None:
        return False
    if op.name == "stablehlo.broadcast_in_dim":
        dims = _ints(op, "broadcast_dimensions")
        return 0 not in dims or shape_of(op.operands[0])[dims.index(0)] == 1
    if op.name == "stablehlo.iota":
        return ir.IntegerAttr(op.attributes["iota_dimension"]).value != 0
    return op.name == "stablehlo.constant"


def sums_rows(op: ir.Operation) -> bool:
    """Whether ``op`` folds rows of dim 0 so that folds of parts can be folded: from the neutral element, in one type."""
    if op.name != "stablehlo.reduce" or len(op.results) != 1 or 0 not in _ints(op, "dimensions"):
        return False
    fold, element = body_fold(op), element_type(op.operands[0])
    if fold is None or (fold == "sum" and not has_zero(element)) or isinstance(element, ir.ComplexType):
        return False
    return element == element_type(op.results[0]) and is_constant(op.operands[1], neutral(fold, element))


def _batches_rows(op: ir.Operation) -> bool:
    numbers = stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])
    batching = list(numbers.lhs_batching_dimensions)[:1], list(numbers.rhs_batching_dimensions)[:1]
    return batching == ([0], [0])


def _ints(op: ir.Operation, name: str) -> list[int]:
    return list(ir.DenseI64ArrayAttr(op.attributes[name]))
