"""Batches put together and taken apart piece by piece: concatenations, aligned slices and pads along the rows.

``concatenate([chosen, rejected])`` of two batches of B rows is one dim of 2 x B: a split with ``outer`` = 2, of which each
microbatch sees its rows of both, in order. A slice of one half, and its transpose, a pad by whole batches, stay on the borders
of the pieces.
"""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects.ops import shape_of
from passes.analysis.batch.leaf_forms import Transfer
from passes.analysis.ops.forms import Form, split


def piecewise(op: ir.Operation, forms: Sequence[Form]) -> Transfer | None:
    """The forms through ``op`` when it moves whole pieces of a split dim; None for any other op, dim or border.

    No operand is partial or after, and at least one is split. A piece is one batch: the dim's size over ``outer``.
    """
    if op.name == "stablehlo.concatenate":
        return _concatenate(op, forms)
    if not forms[0].is_split or any(form.is_split for form in forms[1:]):
        return None
    form, size = forms[0], shape_of(op.operands[0])[forms[0].dim]
    piece = size // form.outer
    if op.name == "stablehlo.slice":
        start, limit, stride = (_edge(op, name, form.dim) for name in ("start_indices", "limit_indices", "strides"))
        if stride == 1 and start < limit and start % piece == 0 and limit % piece == 0:
            return Transfer(tuple(forms), (split(form.dim, (limit - start) // piece),))
    if op.name == "stablehlo.pad":
        low, high, inside = (_edge(op, name, form.dim) for name in _PADS)
        if inside == 0 and low >= 0 and high >= 0 and low % piece == 0 and high % piece == 0:
            return Transfer(tuple(forms), (split(form.dim, form.outer + (low + high) // piece),))
    return None


_PADS = ("edge_padding_low", "edge_padding_high", "interior_padding")


def _edge(op: ir.Operation, name: str, dim: int) -> int:
    return list(ir.DenseI64ArrayAttr(op.attributes[name]))[dim]


def _concatenate(op: ir.Operation, forms: Sequence[Form]) -> Transfer | None:
    """Pieces of one size, those of whole values (a constant, a weight) included, which are cut along."""
    dim = ir.IntegerAttr(op.attributes["dimension"]).value
    if any(form.is_split and form.dim != dim for form in forms):
        return None
    sizes = [shape_of(operand)[dim] for operand in op.operands]
    pieces = {size // form.outer for size, form in zip(sizes, forms, strict=True) if form.is_split}
    if len(pieces) != 1:
        return None
    piece = pieces.pop()
    if any(size % piece or not size for size in sizes):
        return None
    wants = tuple(split(dim, size // piece) for size in sizes)
    return Transfer(wants, (split(dim, sum(sizes) // piece),))
