"""``fold-slices``: clean up the slices and stacks that unrolled loops leave behind."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.build import i64s, tensor_type
from dialects.ops import all_ops, defining_op, element_type, shape_of
from dialects.signature import i64
from passes.analysis.indices.regions import Region, constant_starts, region_of_slice, region_of_update
from passes.analysis.ops.wire import widened
from passes.base import Pass
from passes.normalize.fold_scalars import fold_scalar


@dataclass(frozen=True, kw_only=True)
class FoldSlices(Pass):
    """Dynamic slices at constant places become slices, read through updates and concatenations; full stacks concatenations.

    Without it every layer of an unrolled loop would read its residuals out of one stack that all layers have written. The index
    arithmetic that the counters leave behind is computed on the way.

    Input:
        %a1 = stablehlo.dynamic_update_slice %zeros, %p0, %c0, %c0 : (tensor<2x4xf32>, tensor<1x4xf32>, …)
        %a2 = stablehlo.dynamic_update_slice %a1, %p1, %c1, %c0
        %s = stablehlo.dynamic_slice %a2, %c0, %c0, sizes = [1, 4]
        return %s, %a2
    Output:
        %a2 = stablehlo.concatenate %p0, %p1, dim = 0
        return %p0, %a2
    """

    name: ClassVar[str] = "fold-slices"

    def run(self, module: ir.Module) -> None:
        for op in all_ops(module.operation):
            with op.location if op.name != "builtin.module" else module.operation.location:
                _fold(op)
        for op in all_ops(module.operation):
            if op.name == "stablehlo.dynamic_update_slice" and _ends_stack(op):
                with op.location, ir.InsertionPoint(op):
                    _concatenate(op)


def _fold(op: ir.Operation) -> None:
    if op.name not in ("stablehlo.dynamic_slice", "stablehlo.slice"):
        fold_scalar(op)
        return
    region = region_of_slice(op)
    if region is None:
        return
    with ir.InsertionPoint(op):
        op.results[0].replace_all_uses_with(_read(op.operands[0], region))


def _read(value: ir.Value, region: Region) -> ir.Value:
    """The part ``region`` of ``value``, from as far up as it is known to come."""
    if region.covers(shape_of(value)):
        return value
    op = defining_op(value)
    if op is not None and op.name == "stablehlo.dynamic_update_slice" and (update := region_of_update(op)) is not None:
        if region.disjoint(update):
            return _read(op.operands[0], region)
        if region.inside(update):
            return _read(op.operands[1], region.relative_to(update))
    if op is not None and op.name == "stablehlo.concatenate":
        dim = ir.IntegerAttr(op.attributes["dimension"]).value
        offset = 0
        for piece in op.operands:
            size = shape_of(piece)[dim]
            if offset <= region.starts[dim] and region.limits[dim] <= offset + size:
                return _read(piece, region.shifted(dim, -offset))
            offset += size
    if op is not None and op.name == "stablehlo.broadcast_in_dim" and not shape_of(op.operands[0]):
        kind = tensor_type(region.sizes, ir.RankedTensorType(value.type).element_type)
        attributes = {"broadcast_dimensions": i64s([])}
        return ir.Operation.create(op.name, [kind], [op.operands[0]], attributes).results[0]
    return _slice(value, region)


def _slice(value: ir.Value, region: Region) -> ir.Value:
    attributes = {
        "start_indices": i64s(region.starts),
        "limit_indices": i64s(region.limits),
        "strides": i64s([1] * len(region.starts)),
    }
    kind = tensor_type(region.sizes, ir.RankedTensorType(value.type).element_type)
    return ir.Operation.create("stablehlo.slice", [kind], [value], attributes).results[0]


def _ends_stack(op: ir.Operation) -> bool:
    """Whether ``op`` is the last of a chain of updates at constant places: someone else reads its result."""
    if constant_starts(op, 2) is None:
        return False
    users = [use.owner.operation for use in op.results[0].uses]
    return any(
        user.name != op.name or user.operands[0] != op.results[0] or constant_starts(user, 2) is None for user in users
    )


def _concatenate(end: ir.Operation) -> None:
    """Replace a chain of updates along one dim by the concatenation of its pieces and of what is left of its base."""
    shape = shape_of(end.results[0])
    pieces: list[tuple[int, int, ir.Value]] = []
    dim: int | None = None
    base = end.results[0]
    while (op := defining_op(base)) is not None and op.name == "stablehlo.dynamic_update_slice":
        region = region_of_update(op)
        partial = region.partial_dims(shape) if region is not None else ()
        if region is None or len(partial) != 1 or (dim is not None and partial[0] != dim):
            break
        dim = partial[0]
        start, limit = region.starts[dim], region.limits[dim]
        if any(start < other_limit and other_start < limit for other_start, other_limit, _ in pieces):
            break  # written twice: keep the earlier write below
        pieces.append((start, limit, op.operands[1]))
        base = op.operands[0]
    element = element_type(end.results[0])
    if dim is None or len(pieces) < 2 or widened(element) != element:  # XLA's CPU compiler concatenates no 2-bit types
        return
    pieces.sort(key=lambda piece: piece[0])
    parts: list[ir.Value] = []
    place = 0
    for start, limit, piece in [*pieces, (shape[dim], shape[dim], None)]:
        if place < start:
            parts.append(_read(base, Region.along(shape, dim, place, start)))
        if piece is not None:
            parts.append(piece)
        place = limit
    attributes: dict[str, ir.Attribute] = {"dimension": i64(dim)}
    whole = ir.Operation.create("stablehlo.concatenate", [end.results[0].type], parts, attributes).results[0]
    end.results[0].replace_all_uses_with(whole)
