"""What an op needs besides operands and results of local size, keyed by op: sizes in attributes, contributions counted once.

Each rule changes the op in place, after its results got their local type. Ops without an entry need nothing.
The entries of passes/analysis/ops/local_rules.py say which factors may be split at all.
"""

from collections.abc import Callable

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.build import i64s, make, splat
from dialects.ops import element_type, shape_of
from passes.analysis.ops.folds import OP_OF_FOLD, body_fold, neutral
from passes.partition.device import Device, is_neutral, spread
from passes.partition.fit import Fit
from passes.partition.indexed import dynamic_slice, gather, scatter
from passes.partition.updates import update_slice
from passes.partition.windows import exchange_rows, select_and_scatter

LocalRule = Callable[[ir.Operation, Fit, Device], ir.Value | None]


def _slice(op: ir.Operation, fit: Fit, device: Device) -> None:
    """A split dim is kept as a whole: its limit is the local size."""
    del device
    limits = list(ir.DenseI64ArrayAttr(op.attributes["limit_indices"]))
    local = shape_of(op.results[0])
    new = [size if axes else limit for size, axes, limit in zip(local, fit.outs[0].dims, limits, strict=True)]
    op.attributes["limit_indices"] = i64s(new)


def _reduce(op: ir.Operation, fit: Fit, device: Device) -> ir.Value | None:
    """The initial value goes into one of the parts, after the op: XLA takes for granted that it is neutral."""
    fold, init = body_fold(op), op.operands[len(op.results)]
    if not fit.open_axes or fold is None or is_neutral(init, fold):
        return None
    element, shape = element_type(init), shape_of(op.results[0])
    with ir.InsertionPoint(op):
        op.operands[1] = splat((), element, neutral(fold, element))
    mine = spread(device.first_only(init, fit.open_axes, fold), shape, [])
    return make(OP_OF_FOLD[fold], [op.results[0].type], [op.results[0], mine])


def _pad(op: ir.Operation, fit: Fit, device: Device) -> None:
    with ir.InsertionPoint(op), op.location:
        op.operands[1] = device.first_only(op.operands[1], fit.passed)


def _convolution(op: ir.Operation, fit: Fit, device: Device) -> None:
    """A group that is split over axes is the major factor of two dims; there are so many fewer groups on each device."""
    exchange_rows(op, fit, device)
    if fit.rule is None:
        return
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    left, right = fit.rule.operands
    out = right[numbers.kernel_output_feature_dimension]
    for key, dim in (
        ("feature_group_count", left[numbers.input_feature_dimension]),
        ("batch_group_count", left[numbers.input_batch_dimension]),
    ):
        groups = ir.IntegerAttr(op.attributes[key])
        shared = [factor for factor in dim if factor in out and groups.value > 1]
        split = [axis for factor in shared for axis in fit.along.get(factor, ())]
        op.attributes[key] = ir.IntegerAttr.get(groups.type, groups.value // device.mesh.size(split))


RULES: dict[str, LocalRule] = {
    "stablehlo.slice": _slice,
    "stablehlo.dynamic_slice": dynamic_slice,
    "stablehlo.reduce": _reduce,
    "stablehlo.pad": _pad,
    "stablehlo.convolution": _convolution,
    "stablehlo.reduce_window": exchange_rows,
    "stablehlo.select_and_scatter": select_and_scatter,
    "stablehlo.gather": gather,
    "stablehlo.scatter": scatter,
    "stablehlo.dynamic_update_slice": update_slice,
}
