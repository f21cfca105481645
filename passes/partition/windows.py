"""Windows that slide along split dims: rows of the neighbours around the local operand, and a padding that is alike on all devices.

    %y = stablehlo.convolution(%x, %w) window = {pad = [[1, 1]]}   x split in two along the dim that the window of 3 slides along
becomes
    %below = collective_permute (last row of %x)  0 -> 1           device 0 gets zeros, which is what padding would be
    %above = collective_permute (first row of %x) 1 -> 0
    %rows  = concatenate %below, %x, %above
    %y     = stablehlo.convolution(%rows, %w) window = {pad = [[0, 0]]}

The padding of a window reduction is its initial value: where that is not zero, devices at the ends put it in the place of zeros.
A max-pool's gradient must not pick padding: it is the least value there is, which is picked only where all of a window is that.
"""

from jaxlib.mlir import ir

from dialects.build import i64s, make, splat, tensor_type
from dialects.ops import element_type, shape_of
from dialects.sharding import MeshShape
from passes.analysis.ops.exchanges import Exchange, exchanges
from passes.analysis.ops.folds import neutral
from passes.analysis.ops.windows import padding_of, picks
from passes.analysis.ops.wire import widened
from passes.partition.collectives import convert, matrix
from passes.partition.device import Device, compare, is_neutral, scalar, spread
from passes.partition.fit import Fit


def exchange_rows(op: ir.Operation, fit: Fit, device: Device) -> None:
    """Give ``op`` operands with the rows that its windows read, and its new padding."""
    found = exchanges(op, fit.shapes, fit.ins, device.mesh)
    if not found:
        return
    rank = len(shape_of(op.operands[0])) - (2 if op.name == "stablehlo.convolution" else 0)
    padding = padding_of(op, rank)
    with ir.InsertionPoint(op), op.location:
        for item in found:
            fill = _fill(op, item.operand)
            op.operands[item.operand] = _surrounded(op.operands[item.operand], item, fill, device)
            padding[item.place] = item.halo.padding
    text = ", ".join(f"[{low}, {high}]" for low, high in padding)
    op.attributes["padding"] = ir.Attribute.parse(f"dense<[{text}]> : tensor<{rank}x2xi64>")


def select_and_scatter(op: ir.Operation, fit: Fit, device: Device) -> ir.Value | None:
    """The same, and of what the windows hand out each device keeps what goes to its own rows."""
    found = [item for item in exchanges(op, fit.shapes, fit.ins, device.mesh) or () if item.operand == 0]
    exchange_rows(op, fit, device)
    result, own = op.results[0], shape_of(op.results[0])
    if op.operands[0].type == result.type:
        return None
    result.set_type(ir.RankedTensorType(op.operands[0].type))
    kept: ir.Value = result
    for item in found:
        kept = _rows(kept, item.dim, item.halo.low, item.halo.low + own[item.dim])
    return kept


def _fill(op: ir.Operation, operand: int) -> ir.Value | None:
    """What stands for padding; None: zeros."""
    if op.name == "stablehlo.reduce_window":
        return op.operands[len(op.results) + operand]
    if op.name == "stablehlo.select_and_scatter" and operand == 0 and (fold := picks(op)) is not None:
        element = element_type(op.operands[0])
        return splat((), element, neutral(fold, element))
    return None


def neighbours(axes: tuple[str, ...], mesh: MeshShape, *, before: bool) -> list[list[int]]:
    """(from, to) of rows that go to the next device along ``axes`` (what each gets is of the one ``before`` it), or back."""
    pairs = [(group[i], group[i + 1]) for group in mesh.groups(axes) for i in range(len(group) - 1)]
    return sorted([first, second] if before else [second, first] for first, second in pairs)


def _surrounded(value: ir.Value, item: Exchange, fill: ir.Value | None, device: Device) -> ir.Value:
    size, last = shape_of(value)[item.dim], device.mesh.size(item.axes) - 1
    pieces = [_rows(value, item.dim, max(0, -item.halo.low), size + min(0, item.halo.high))]
    if item.halo.low > 0:
        rows = _rows(value, item.dim, size - item.halo.low, size)
        pieces.insert(0, _sent(rows, item.axes, fill, 0, device, before=True))
    if item.halo.high > 0:
        rows = _rows(value, item.dim, 0, item.halo.high)
        pieces.append(_sent(rows, item.axes, fill, last, device, before=False))
    if len(pieces) == 1:
        return pieces[0]
    shape, element = list(shape_of(value)), element_type(value)
    shape[item.dim] = size + item.halo.low + item.halo.high
    pieces = [convert(piece, widened(element)) for piece in pieces]
    dim = {"dimension": ir.IntegerAttr.get(ir.IntegerType.get_signless(64), item.dim)}
    return convert(make("stablehlo.concatenate", [tensor_type(shape, widened(element))], pieces, dim), element)


def _rows(value: ir.Value, dim: int, start: int, limit: int) -> ir.Value:
    shape = list(shape_of(value))
    if (start, limit) == (0, shape[dim]):
        return value
    starts, limits = [0] * len(shape), list(shape)
    starts[dim], limits[dim] = start, limit
    shape[dim] = limit - start
    sizes = {"start_indices": i64s(starts), "limit_indices": i64s(limits), "strides": i64s([1] * len(shape))}
    return make("stablehlo.slice", [tensor_type(shape, element_type(value))], [value], sizes)


def _sent(
    rows: ir.Value, axes: tuple[str, ...], fill: ir.Value | None, end: int, device: Device, *, before: bool
) -> ir.Value:
    """What the neighbour sends; the device at the ``end``, which has none, gets zeros, or ``fill`` if that is something else."""
    pairs = {
        "channel_handle": device.channel(),
        "source_target_pairs": matrix(neighbours(axes, device.mesh, before=before)),
    }
    element = element_type(rows)
    travelling = convert(rows, widened(element))
    sent = convert(make("stablehlo.collective_permute", [travelling.type], [travelling], pairs), element)
    if fill is None or is_neutral(fill, "sum"):
        return sent
    edge = compare("EQ", device.index(axes), scalar(end))
    return make("stablehlo.select", [rows.type], [edge, spread(fill, shape_of(rows), []), sent])
