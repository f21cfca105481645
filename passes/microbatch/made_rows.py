"""Whole values whose rows a microbatch makes for itself, at their own size: constants, and what is spread out or computed of them.

The loss's gradient begins so: one number spread over all rows and classes of the whole batch. Each microbatch makes its share.
"""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects.build import make, tensor_type
from dialects.constants import constant_elements
from dialects.ops import defining_op, element_type, shape_of
from passes.analysis.ops.local_rules import ELEMENTWISE

DEPTH = 8  # elementwise ops in a row; what is longer is cut from the whole, as it is computed once then

Along = tuple[int | None, ...]


def made_of(value: ir.Value, dim: int) -> Along | None:
    """Per operand of the op that makes ``value``, the dim of the operand that its ``dim`` runs along; None: it is the same for all.

    None in place of all: the rows have to be cut from the whole value. Rows of a spread value are spread from rows, also where
    those have to be cut; an elementwise op is repeated only on what is made.
    """
    op = defining_op(value)
    if op is None:
        return None
    if op.name == "stablehlo.broadcast_in_dim":
        return (_source_dim(op, dim),)
    return _of_generated(op, value, dim) if _is_made(value, dim, DEPTH) else None


def make_rows(value: ir.Value, operands: Sequence[ir.Value], local: Sequence[int]) -> ir.Value:
    """The op that makes ``value``, of shape ``local``, on ``operands``, at the current insertion point."""
    op, kind = ir.OpResult(value).owner, tensor_type(local, element_type(value))
    if op.name == "stablehlo.constant":
        splat = ir.DenseElementsAttr(op.attributes["value"]).get_splat_value()
        return make(op.name, [kind], [], {"value": ir.DenseElementsAttr.get_splat(kind, splat)})
    copy = op.clone().operation
    for i, operand in enumerate(operands):
        copy.operands[i] = operand
    copy.results[0].set_type(kind)
    return copy.results[0]


def _is_made(value: ir.Value, dim: int, depth: int) -> bool:
    """Whether rows of ``value`` along ``dim`` come from no whole value that has different ones."""
    op = defining_op(value)
    if op is None:
        return False
    if op.name == "stablehlo.constant":
        dense = constant_elements(op)
        return dense is not None and dense.is_splat
    if op.name == "stablehlo.iota":
        return ir.IntegerAttr(op.attributes["iota_dimension"]).value != dim
    if op.name == "stablehlo.broadcast_in_dim":
        source = _source_dim(op, dim)
        return source is None or _is_made(op.operands[0], source, depth)
    if op.name not in ELEMENTWISE or len(op.regions) or not depth:
        return False
    along = _of_generated(op, value, dim)
    return all(at is None or _is_made(operand, at, depth - 1) for operand, at in zip(op.operands, along, strict=True))


def _of_generated(op: ir.Operation, value: ir.Value, dim: int) -> Along:
    """Scalars beside tensors, the predicate of a select or the bounds of a clamp, are the same for all rows."""
    return tuple(dim if shape_of(operand) == shape_of(value) else None for operand in op.operands)


def _source_dim(op: ir.Operation, dim: int) -> int | None:
    dims = list(ir.DenseI64ArrayAttr(op.attributes["broadcast_dimensions"]))
    if dim not in dims or shape_of(op.operands[0])[dims.index(dim)] == 1:
        return None
    return dims.index(dim)
