"""Ops that find their place by indices, on a device that has only a part of the dim that is indexed.

gather   of a split table: local index = index - offset, rows of other devices are zeros, the sum over devices is the row
scatter  into a split dim: local index = index - offset, what falls outside is dropped, as StableHLO does
dynamic_update_slice along a split dim: each device writes what falls into its part
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.build import i64s, make, splat, tensor_type
from dialects.ops import element_type, shape_of
from passes.analysis.ops.folds import neutral
from passes.analysis.ops.local_rules import reduction_kind
from passes.partition.device import Device, compare, scalar, shielded, spread
from passes.partition.fit import Fit


def gather(op: ir.Operation, fit: Fit, device: Device) -> ir.Value | None:
    """Gives the masked rows when an indexed dim is split (the vocabulary-parallel embedding); else only sizes change."""
    numbers = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
    sizes = list(ir.DenseI64ArrayAttr(op.attributes["slice_sizes"]))
    whole, local = fit.shapes[0], shape_of(op.operands[0])
    limits = [size - taken for size, taken in zip(whole, sizes, strict=True)]
    parts = [limit > 0 for limit in limits]  # one of many is taken, whether the dim is then collapsed or stays as 1
    for dim in range(len(sizes)):
        if fit.ins[0].dims[dim] and not parts[dim]:
            sizes[dim] = local[dim]
    op.attributes["slice_sizes"] = i64s(sizes)
    shield(op)
    indexed = [dim for dim in numbers.start_index_map if parts[dim] and fit.ins[0].dims[dim]]
    if not indexed:
        return None
    op.attributes["indices_are_sorted"] = ir.BoolAttr.get(False)
    with ir.InsertionPoint(op), op.location:
        at = Indices.of(op.operands[1], numbers.index_vector_dim, numbers.start_index_map)
        inside = at.clamped(limits).shifted(fit, local, device)
        op.operands[1] = inside.value
        mine = inside.between({dim: local[dim] for dim in indexed})
    result = op.results[0]
    batch_dims = [dim for dim in range(len(shape_of(result))) if dim not in numbers.offset_dims]
    with ir.InsertionPoint.after(op), op.location:
        here = spread(mine, shape_of(result), batch_dims)
        zero = splat(shape_of(result), element_type(result), neutral("sum", element_type(result)))
        return make("stablehlo.select", [result.type], [here, result, zero])


def scatter(op: ir.Operation, fit: Fit, device: Device) -> None:
    """The operand goes into one of the parts when updates are split; an indexed dim that is split moves the indices."""
    numbers = stablehlo.ScatterDimensionNumbers(op.attributes["scatter_dimension_numbers"])
    index_map = list(numbers.scattered_dims_to_operand_dims)
    inserted = set(numbers.inserted_window_dims)
    count = len(op.results)
    shield(op)
    with ir.InsertionPoint(op), op.location:
        if fit.summed:
            for i in range(count):
                op.operands[i] = device.first_only(op.operands[i], fit.summed, reduction_kind(op) or "sum")
        if any(fit.ins[0].dims[dim] and dim in inserted for dim in index_map):
            at = Indices.of(op.operands[count], numbers.index_vector_dim, index_map)
            op.operands[count] = at.shifted(fit, shape_of(op.operands[0]), device).value
            op.attributes["indices_are_sorted"] = ir.BoolAttr.get(False)


def dynamic_slice(op: ir.Operation, fit: Fit, device: Device) -> None:
    """Split dims are taken as a whole."""
    del fit, device
    op.attributes["slice_sizes"] = i64s(shape_of(op.results[0]))
    shield(op)


def shield(op: ir.Operation) -> None:
    with ir.InsertionPoint(op), op.location:
        op.operands[0] = shielded(op.operands[0])


@dataclass(frozen=True)
class Indices:
    """Index vectors: ``value`` has one component for each of ``dims`` along ``along`` (or none such dim: one component)."""

    value: ir.Value
    along: int
    dims: tuple[int, ...]

    @staticmethod
    def of(value: ir.Value, along: int, dims: Sequence[int]) -> "Indices":
        """Of at least 32 bits and signed, so that an offset can be taken away."""
        return Indices(signed(value), along, tuple(dims))

    def clamped(self, limits: Sequence[int]) -> "Indices":
        """Into [0, limit of the operand's dim], as gather does it."""
        low = splat((), element_type(self.value), "0")
        high = self._vector([limits[dim] for dim in self.dims])
        bounded = make("stablehlo.minimum", [self.value.type], [self.value, high])
        low = spread(low, shape_of(self.value), [])
        return Indices(make("stablehlo.maximum", [self.value.type], [bounded, low]), self.along, self.dims)

    def shifted(self, fit: Fit, local: Sequence[int], device: Device) -> "Indices":
        """Counted from where this device's part of each operand dim starts."""
        element = element_type(self.value)
        parts: list[ir.Value] = []
        for dim in self.dims:
            axes = fit.ins[0].dims[dim]
            start = device.offset(axes, local[dim]) if axes else scalar(0)
            wide = (
                start
                if element_type(start) == element
                else make("stablehlo.convert", [tensor_type((), element)], [start])
            )
            parts.append(make("stablehlo.reshape", [tensor_type((1,), element)], [wide]))
        offsets = self._spread(parts)
        return Indices(make("stablehlo.subtract", [self.value.type], [self.value, offsets]), self.along, self.dims)

    def between(self, sizes: dict[int, int]) -> ir.Value:
        """Whether 0 <= index < size for all dims in ``sizes``: i1, the shape of ``value`` without the dim of components."""
        shape = shape_of(self.value)
        big = 2**31 - 1
        high = self._vector([sizes.get(dim, big) for dim in self.dims])
        zero = splat(shape, element_type(self.value), "0")
        above, below = compare("GE", self.value, zero), compare("LT", self.value, high)
        inside = make("stablehlo.and", [above.type], [above, below])
        if self.along == len(shape):
            return inside
        rest = tuple(size for dim, size in enumerate(shape) if dim != self.along)
        if len(self.dims) == 1:
            return make("stablehlo.reshape", [tensor_type(rest, element_type(inside))], [inside])
        return _all(inside, self.along, rest)

    def _vector(self, numbers: Sequence[int]) -> ir.Value:
        element = element_type(self.value)
        return self._spread([splat((1,), element, str(number)) for number in numbers])

    def _spread(self, parts: list[ir.Value]) -> ir.Value:
        """One component for each dim, the same for all vectors."""
        element, shape = element_type(self.value), shape_of(self.value)
        if self.along == len(shape):
            return spread(make("stablehlo.reshape", [tensor_type((), element)], parts), shape, [])
        joined = parts[0]
        if len(parts) > 1:
            zero = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), 0)
            joined = make("stablehlo.concatenate", [tensor_type((len(parts),), element)], parts, {"dimension": zero})
        return spread(joined, shape, [self.along])


def signed(value: ir.Value) -> ir.Value:
    """As i32 or i64, so that offsets can be taken away; an unsigned number too big for i64 becomes negative."""
    element = ir.IntegerType(element_type(value))
    fits = element.width < 32 or (element.width == 32 and not element.is_unsigned)
    want = ir.IntegerType.get_signless(32 if fits else 64)
    return value if element == want else make("stablehlo.convert", [tensor_type(shape_of(value), want)], [value])


def _all(value: ir.Value, dim: int, shape: tuple[int, ...]) -> ir.Value:
    element = element_type(value)
    true = splat((), element, "true")
    op = ir.Operation.create(
        "stablehlo.reduce",
        results=[tensor_type(shape, element)],
        operands=[value, true],
        attributes={"dimensions": i64s([dim])},
        regions=1,
    )
    return with_body(op, "stablehlo.and", element)


def with_body(op: ir.Operation, name: str, element: ir.Type) -> ir.Value:
    """Give a reduction its body: one op on two scalars. Its result."""
    kind = tensor_type((), element)
    block = op.regions[0].blocks.append(kind, kind, arg_locs=[op.location, op.location])
    with ir.InsertionPoint(block), op.location:
        joined = make(name, [kind], list(block.arguments))
        ir.Operation.create("stablehlo.return", operands=[joined])
    return op.results[0]
