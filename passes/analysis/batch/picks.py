"""Gathers that pick among all rows, by an index a row: a shuffle, hard negatives. Their indices are split, not what they read."""

from collections.abc import Sequence

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects import attributes as names
from dialects.ops import shape_of
from passes.analysis.batch.leaf_forms import Transfer
from passes.analysis.ops.forms import Form, split


def picking(op: ir.Operation, forms: Sequence[Form], microbatches: int) -> Transfer | None:
    """The forms through a gather from whole rows with an index for each row; None for any other op.

    A whole value may always be taken for a split one: each microbatch takes its part. Here that keeps what follows per row.
    """
    if names.PICKS not in op.attributes or not all(form.is_whole and not form.after for form in forms):
        return None
    numbers = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
    table, indices = shape_of(op.operands[0]), shape_of(op.operands[1])
    places = [dim for dim in range(len(shape_of(op.results[0]))) if dim not in numbers.offset_dims]
    counted = [dim for dim in range(len(indices)) if dim != numbers.index_vector_dim]
    rows = [table[dim] for dim in numbers.collapsed_slice_dims]
    for dim, place in zip(counted, places, strict=True):
        if dim not in numbers.start_indices_batching_dims and indices[dim] in rows and not indices[dim] % microbatches:
            return Transfer((forms[0], split(dim)), (split(place),))
    return None
