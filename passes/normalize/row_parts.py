"""Rows of a value, made of rows of what it is made of: the stack's parts, and what becomes of them."""

from collections.abc import Sequence
from itertools import pairwise

from jaxlib.mlir import ir

from dialects.build import after, i64s, make, tensor_type
from dialects.constants import constant_elements, is_constant
from dialects.ops import BARRIER, defining_op, element_type, shape_of
from passes.analysis.indices.regions import Region, behind_regroup
from passes.analysis.ops.folds import has_zero
from passes.analysis.stages.row_ties import PADS, makes_any, row_sources

Rows = tuple[int, int]


class RowParts:
    """``of(value, rows)``: rows [start, limit) along dim 0, right behind ``value``. ``known``: the parts of arguments."""

    def __init__(self) -> None:
        self.known: dict[tuple[ir.Value, Rows], ir.Value] = {}

    def of(self, value: ir.Value, rows: Rows) -> ir.Value:
        """Made once: of rows of the operands where the maker works row by row, else cut from the whole."""
        if (value, rows) not in self.known:
            with after(value), value.location if isinstance(value.owner, ir.Block) else value.owner.location:
                self.known[value, rows] = self._make(value, rows)
        return self.known[value, rows]

    def read(self, value: ir.Value, edges: Sequence[int], region: Region) -> ir.Value:
        """The box ``region`` of ``value``, at the current insertion point, of the parts between ``edges`` that it meets."""
        start, limit = region.starts[0], region.limits[0]
        met = [rows for rows in pairwise(edges) if rows[0] < limit and start < rows[1]]
        parts = [self.of(value, rows) for rows in met]
        whole = parts[0]
        if len(parts) > 1:
            shape = (met[-1][1] - met[0][0], *shape_of(value)[1:])
            kind = tensor_type(shape, element_type(value))
            dim = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), 0)
            whole = make("stablehlo.concatenate", [kind], parts, {"dimension": dim})
        return cut(whole, region.shifted(0, -met[0][0]))

    def _make(self, value: ir.Value, rows: Rows) -> ir.Value:
        op, kind = defining_op(value), tensor_type((rows[1] - rows[0], *shape_of(value)[1:]), element_type(value))
        if op is None:
            return cut(value, _box(value, rows))
        sources = row_sources(value)
        if sources is not None:
            return self._tied(op, value, sources, rows)
        if makes_any(value) and (op.name != "stablehlo.constant" or _is_splat(op)):
            return _resized(op, kind)
        if op.name == "stablehlo.reshape" and (part := regrouped(op, _box(value, rows))) is not None:
            return part
        if op.name == "stablehlo.pad" and not _ints(op, PADS[2])[0]:
            return self._padded(op, value, rows, kind)
        return cut(value, _box(value, rows))

    def _tied(self, op: ir.Operation, value: ir.Value, sources: Sequence[int], rows: Rows) -> ir.Value:
        if op.name == "stablehlo.add" and (other := _beside_nothing(op, rows)) is not None:
            return self.of(other, rows)
        parts = {i: self.of(op.operands[i], rows) for i in sources}
        if op.name == BARRIER:
            return make(BARRIER, [part.type for part in parts.values()], list(parts.values()))
        copy = op.clone().operation
        for i, part in parts.items():
            copy.operands[i] = part
        for result in copy.results:
            result.set_type(tensor_type((rows[1] - rows[0], *shape_of(result)[1:]), element_type(result)))
        if op.name == "stablehlo.slice":
            copy.attributes["limit_indices"] = i64s([rows[1] - rows[0], *_ints(op, "limit_indices")[1:]])
        mine = ir.OpResult(value).result_number
        self.known |= {(r, rows): copy.results[i] for i, r in enumerate(op.results) if i != mine}
        return copy.results[mine]

    def _padded(self, op: ir.Operation, value: ir.Value, rows: Rows, kind: ir.Type) -> ir.Value:
        """Rows that lie inside of what is padded, or outside; what meets the border is cut from the whole."""
        low, inside = _ints(op, PADS[0])[0], shape_of(op.operands[0])[0]
        start, limit = rows[0] - low, rows[1] - low
        if limit <= 0 or inside <= start:
            return make("stablehlo.broadcast_in_dim", [kind], [op.operands[1]], {"broadcast_dimensions": i64s([])})
        if start < 0 or inside < limit:
            return cut(value, _box(value, rows))
        part = self.of(op.operands[0], (start, limit))
        edges = {name: i64s([0, *_ints(op, name)[1:]]) for name in PADS}
        if not any(any(_ints(op, name)[1:]) for name in PADS):
            return part
        return make(op.name, [kind], [part, op.operands[1]], edges)


def regrouped(op: ir.Operation, region: Region) -> ir.Value | None:
    """The box ``region`` of a reshape that regroups dim 0, cut from what it reshapes; None for other reshapes and boxes."""
    source = op.operands[0]
    behind = behind_regroup(shape_of(source), shape_of(op.results[0]), region)
    if behind is None:
        return None
    return make("stablehlo.reshape", [tensor_type(region.sizes, element_type(source))], [cut(source, behind)])


def cut(value: ir.Value, region: Region) -> ir.Value:
    """``value`` itself where the box is all of it, or a slice at the current insertion point."""
    if region.covers(shape_of(value)):
        return value
    kind = tensor_type(region.sizes, element_type(value))
    ones = [1] * len(region.starts)
    attributes = {"start_indices": i64s(region.starts), "limit_indices": i64s(region.limits), "strides": i64s(ones)}
    return make("stablehlo.slice", [kind], [value], attributes)


def _box(value: ir.Value, rows: Rows) -> Region:
    return Region.along(shape_of(value), 0, *rows)


def _resized(op: ir.Operation, kind: ir.RankedTensorType) -> ir.Value:
    if op.name == "stablehlo.constant":
        number = ir.DenseElementsAttr(op.attributes["value"]).get_splat_value()
        return make(op.name, [kind], [], {"value": ir.DenseElementsAttr.get_splat(kind, number)})
    copy = op.clone().operation
    copy.results[0].set_type(kind)
    return copy.results[0]


def _is_splat(op: ir.Operation) -> bool:
    elements = constant_elements(op)
    return elements is not None and elements.is_splat


def _beside_nothing(op: ir.Operation, rows: Rows) -> ir.Value | None:
    """What zeros around another layer's gradient are added to: x + 0 is x, to XLA too."""
    for zeros, other in ((op.operands[0], op.operands[1]), (op.operands[1], op.operands[0])):
        pad = defining_op(zeros)
        if pad is None or pad.name != "stablehlo.pad" or _ints(pad, PADS[2])[0]:
            continue
        low, inside = _ints(pad, PADS[0])[0], shape_of(pad.operands[0])[0]
        outside = rows[1] <= low or low + inside <= rows[0]
        element = element_type(zeros)
        simple = isinstance(element, ir.FloatType | ir.IntegerType) and has_zero(element)
        if outside and simple and is_constant(pad.operands[1], "0.0" if isinstance(element, ir.FloatType) else "0"):
            return other
    return None


def _ints(op: ir.Operation, name: str) -> list[int]:
    return list(ir.DenseI64ArrayAttr(op.attributes[name]))
