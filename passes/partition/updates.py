"""dynamic_update_slice on a device that has only a part of the dims that are written."""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects.build import i64s, make, splat, tensor_type
from dialects.ops import element_type, shape_of
from passes.analysis.ops.folds import filler
from passes.partition.device import Device, compare, spread
from passes.partition.fit import Fit
from passes.partition.indexed import shield, signed


def update_slice(op: ir.Operation, fit: Fit, device: Device) -> ir.Value | None:
    """Along a split dim that the update does not fill: what falls into this device's part is written, the rest stays.

    The update between two paddings of the local size is cut where the part lies; what comes from paddings is not written.
    """
    whole, update = fit.shapes[0], fit.shapes[1]
    split = [dim for dim, axes in enumerate(fit.outs[0].dims) if axes and whole[dim] != update[dim]]
    if not split:
        return None
    shield(op)
    operand, new = op.operands[0], op.operands[1]
    local, taken = shape_of(operand), list(shape_of(new))
    with ir.InsertionPoint(op), op.location:
        starts = [signed(value) for value in list(op.operands)[2:]]
        element = element_type(starts[0])
        zero, here = splat((), element, "0"), list(starts)
        mine: ir.Value | None = None
        pads, cuts = [0] * len(local), [zero] * len(local)
        for dim in split:
            taken[dim], pads[dim], here[dim] = local[dim], local[dim], zero
        for dim in split:
            number = lambda n: splat((), element, str(n))  # noqa: E731
            start = make("stablehlo.clamp", [zero.type], [zero, starts[dim], number(whole[dim] - update[dim])])
            part = device.offset(fit.outs[0].dims[dim], local[dim])
            part = part if element_type(part) == element else make("stablehlo.convert", [zero.type], [part])
            ahead = make("stablehlo.subtract", [zero.type], [part, start])
            cuts[dim] = make("stablehlo.add", [zero.type], [ahead, number(local[dim])])
            written = _written(ahead, taken, dim, update[dim])
            mine = written if mine is None else make("stablehlo.and", [mine.type], [mine, written])
        padded = _padded(new, pads)
        kind = tensor_type(taken, element_type(new))
        window = make("stablehlo.dynamic_slice", [kind], [padded, *cuts], {"slice_sizes": i64s(taken)})
        old = make("stablehlo.dynamic_slice", [kind], [operand, *here], {"slice_sizes": i64s(taken)})
        assert mine is not None
        op.operands[1] = make("stablehlo.select", [kind], [mine, window, old])
        for dim, start in enumerate(here):
            op.operands[2 + dim] = start
    return None


def _written(ahead: ir.Value, shape: Sequence[int], dim: int, size: int) -> ir.Value:
    """Where 0 <= position + ahead < size, position counted along ``dim`` of a tensor of ``shape``."""
    element = element_type(ahead)
    kind = tensor_type(shape, element)
    number = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), dim)
    count = make("stablehlo.iota", [kind], [], {"iota_dimension": number})
    place = make("stablehlo.add", [kind], [count, spread(ahead, shape, [])])
    above = compare("GE", place, splat(shape, element, "0"))
    return make("stablehlo.and", [above.type], [above, compare("LT", place, splat(shape, element, str(size)))])


def _padded(value: ir.Value, both_sides: Sequence[int]) -> ir.Value:
    element = element_type(value)
    shape = [size + 2 * more for size, more in zip(shape_of(value), both_sides, strict=True)]
    sides = i64s(both_sides)
    return make(
        "stablehlo.pad",
        [tensor_type(shape, element)],
        [value, splat((), element, filler(element))],
        {"edge_padding_low": sides, "edge_padding_high": sides, "interior_padding": i64s([0] * len(shape))},
    )
