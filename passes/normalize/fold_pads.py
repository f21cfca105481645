"""``fold-pads``: a ``pad`` that only windows read becomes their own padding."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.build import i64s
from dialects.constants import is_constant, same_constant
from dialects.ops import all_ops, defining_op, element_type, shape_of
from passes.analysis.ops.folds import body_fold, neutral
from passes.analysis.ops.op_costs import is_zero
from passes.analysis.ops.windows import WINDOWED, ints, padding_of, picks
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class FoldPads(Pass):
    """A pad that only windows read becomes their padding; the results are the same.

    The dim keeps a size that devices divide. JAX writes gradients of poolings with such pads, Keras convolutions; XLA folds the
    same ones when it compiles.

    Input:
        %p = stablehlo.pad %x, %zero, low = [0, 1], high = [0, 1], interior = [0, 1] : (tensor<2x8xf32>, …) -> tensor<2x17xf32>
        %y = reduce_window(%p, %zero) add, window = [1, 2] : tensor<2x17xf32> -> tensor<2x16xf32>
    Output:
        %y = reduce_window(%x, %zero) add, window = [1, 2], padding = [[0, 0], [1, 1]], base_dilations = [1, 2]
    """

    name: ClassVar[str] = "fold-pads"

    def run(self, module: ir.Module) -> None:
        for op in [op for op in all_ops(module.operation) if op.name in WINDOWED]:
            pad = defining_op(op.operands[0])
            if pad is None or pad.name != "stablehlo.pad":
                continue
            if op.name == "stablehlo.convolution":
                _into_convolution(op, pad)
            elif op.name == "stablehlo.select_and_scatter":
                _into_picking(op, pad)
            elif len(op.results) == 1:
                _into_reduction(op, pad)


@dataclass(frozen=True)
class _Sides:
    """What a pad adds along each dim, none of it negative."""

    low: list[int]
    high: list[int]
    between: list[int]


def _sides(pad: ir.Operation) -> _Sides | None:
    zeros = [0] * len(shape_of(pad.results[0]))
    keys = ("edge_padding_low", "edge_padding_high", "interior_padding")
    low, high, between = (ints(pad, key, zeros) for key in keys)
    if min((*low, *high), default=0) < 0 or 0 in shape_of(pad.operands[0]):
        return None
    return _Sides(low, high, between)


def _is_zero(value: ir.Value) -> bool:
    """Whether ``value`` is a constant zero, maybe of another type first, as ``jnp.pad`` writes it."""
    source = defining_op(value)
    while source is not None and source.name == "stablehlo.convert":
        source = defining_op(source.operands[0])
    return source is not None and is_zero(source)


def _into_convolution(op: ir.Operation, pad: ir.Operation) -> None:
    sides = _sides(pad)
    if sides is None or not _is_zero(pad.operands[1]):
        return
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    dims = list(numbers.input_spatial_dimensions)
    others = (numbers.input_batch_dimension, numbers.input_feature_dimension)
    spacing = ints(op, "lhs_dilation", [1] * len(dims))
    if any(sides.low[d] or sides.high[d] or sides.between[d] for d in others):
        return
    if any(factor > 1 for factor in spacing):
        return  # padding is counted in spaced rows there
    op.attributes["lhs_dilation"] = i64s([sides.between[d] + 1 for d in dims])
    _pad_more(op, dims, sides)
    op.operands[0] = pad.operands[0]


def _into_reduction(op: ir.Operation, pad: ir.Operation) -> None:
    sides = _sides(pad)
    if sides is None or not same_constant(op.operands[1], pad.operands[1]):
        return
    dims = list(range(len(sides.low)))
    if any(factor > 1 for factor in ints(op, "base_dilations", [1] * len(dims))):
        return
    op.attributes["base_dilations"] = i64s([between + 1 for between in sides.between])
    _pad_more(op, dims, sides)
    op.operands[0] = pad.operands[0]


def _into_picking(op: ir.Operation, pad: ir.Operation) -> None:
    """Padding is never picked; what a pad adds is not, unless a whole window is as low. Its slice of the result goes with it."""
    sides, fold = _sides(pad), picks(op)
    users = [use.owner.operation for use in op.results[0].uses]
    fill = pad.operands[1]
    if sides is None or any(sides.between) or fold is None:
        return
    if not is_constant(fill, neutral(fold, element_type(fill))):
        return
    if body_fold(op, 1) != "sum" or not users or not all(_takes_inner(user, sides) for user in users):
        return
    _pad_more(op, list(range(len(sides.low))), sides)
    op.operands[0] = pad.operands[0]
    op.results[0].set_type(ir.RankedTensorType(pad.operands[0].type))
    for user in users:
        user.results[0].replace_all_uses_with(op.results[0])
        user.operation.erase()


def _takes_inner(user: ir.Operation, sides: _Sides) -> bool:
    """Whether ``user`` is the slice that leaves what was padded out."""
    if user.name != "stablehlo.slice":
        return False
    start, limit, stride = (list(ir.DenseI64ArrayAttr(user.attributes[key])) for key in _SLICE)
    whole = shape_of(user.operands[0])
    inner = [size - high for size, high in zip(whole, sides.high, strict=True)]
    return start == sides.low and limit == inner and all(step == 1 for step in stride)


_SLICE = ("start_indices", "limit_indices", "strides")


def _pad_more(op: ir.Operation, dims: list[int], sides: _Sides) -> None:
    old = padding_of(op, len(dims))
    both = [(low + sides.low[d], high + sides.high[d]) for d, (low, high) in zip(dims, old, strict=True)]
    text = ", ".join(f"[{low}, {high}]" for low, high in both)
    op.attributes["padding"] = ir.Attribute.parse(f"dense<[{text}]> : tensor<{len(dims)}x2xi64>")
