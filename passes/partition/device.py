"""What local code needs to know of its device: its index along axes, and values that only the first device contributes."""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects.build import i64s, make, splat, tensor_type
from dialects.constants import is_constant
from dialects.ops import BARRIER, defining_op, element_type, shape_of
from dialects.sharding import MeshShape
from passes.analysis.ops.folds import has_zero, neutral
from passes.analysis.ops.forms import Fold


class Device:
    """One per function body: indices are computed once, at the top of ``block``, so that every region can read them."""

    def __init__(self, block: ir.Block, mesh: MeshShape) -> None:
        self.block, self.mesh = block, mesh
        self._known: dict[tuple[str, ...], ir.Value] = {}
        self._last: ir.Operation | None = None
        self._channels = 0

    def channel(self) -> ir.Attribute:
        """A channel handle that no other collective of the body has."""
        self._channels += 1
        return ir.Attribute.parse(f"#stablehlo.channel_handle<handle = {self._channels}, type = 1>")

    def index(self, axes: tuple[str, ...]) -> ir.Value:
        """This device's row-major index along ``axes``, major first, as i32."""
        if axes not in self._known:
            at = ir.InsertionPoint.at_block_begin(self.block)
            if self._last is not None:
                at = ir.InsertionPoint.after(self._last)
            with at:
                value = self._compute(axes)
            self._known[axes], self._last = value, defining_op(value)
        return self._known[axes]

    def _compute(self, axes: tuple[str, ...]) -> ir.Value:
        number = make("stablehlo.partition_id", [tensor_type((), ir.IntegerType.get_unsigned(32))], [])
        device = make("stablehlo.convert", [_i32()], [number])
        total: ir.Value | None = None
        for axis in axes:
            stride = self.mesh.groups((axis,))[0][1]  # devices 0 and `stride` are neighbours along the axis
            size = self.mesh.size((axis,))
            mine = make("stablehlo.divide", [_i32()], [device, scalar(stride)]) if stride > 1 else device
            if stride * size < self.mesh.num_devices:
                mine = make("stablehlo.remainder", [_i32()], [mine, scalar(size)])
            if total is not None:
                total = make("stablehlo.multiply", [_i32()], [total, scalar(size)])
                mine = make("stablehlo.add", [_i32()], [total, mine])
            total = mine
        return total if total is not None else scalar(0)

    def offset(self, axes: tuple[str, ...], size: int) -> ir.Value:
        """Where this device's part of a dim starts, parts of ``size``; i32."""
        return make("stablehlo.multiply", [_i32()], [self.index(axes), scalar(size)])

    def first_only(self, value: ir.Value, axes: tuple[str, ...], fold: Fold = "sum") -> ir.Value:
        """``value`` on device 0 along ``axes``, the neutral element of ``fold`` on the others."""
        if is_neutral(value, fold) or fold in ("min", "max", "and", "or") or not axes:
            return value  # folding these twice changes nothing
        rest = splat(shape_of(value), element_type(value), neutral(fold, element_type(value)))
        return make("stablehlo.select", [value.type], [compare("EQ", self.index(axes), scalar(0)), value, rest])

    def slice(self, value: ir.Value, dims: Sequence[tuple[str, ...]]) -> ir.Value:
        """This device's part of ``value``, which it has whole along the axes of ``dims``."""
        if not any(dims):
            return value
        shape = shape_of(value)
        sizes = [size // self.mesh.size(axes) for size, axes in zip(shape, dims, strict=True)]
        starts = [self.offset(axes, size) if axes else scalar(0) for size, axes in zip(sizes, dims, strict=True)]
        kind = tensor_type(sizes, element_type(value))
        return make("stablehlo.dynamic_slice", [kind], [shielded(value), *starts], {"slice_sizes": i64s(sizes)})


_VIEWS = frozenset({"stablehlo.reshape", "stablehlo.transpose", "stablehlo.broadcast_in_dim", "stablehlo.convert"})


def shielded(value: ir.Value) -> ir.Value:
    """``value`` behind a barrier if it is a dynamic_slice, for an op that slices it again at a place known only at run time.

    XLA (jaxlib 0.10.2) makes one slice of the two and forgets that an index outside of the inner result is moved back inside:
    slice(slice([0, …, 7], at 4, 2 elements), at -1, 1 element) gives 3, not 4.
    """
    source = defining_op(value)
    while source is not None and source.name in _VIEWS:
        source = defining_op(source.operands[0])
    if source is None or source.name not in ("stablehlo.dynamic_slice", "stablehlo.gather"):
        return value
    return make(BARRIER, [value.type], [value])


def scalar(number: int) -> ir.Value:
    """``constant dense<number> : tensor<i32>``."""
    return splat((), ir.IntegerType.get_signless(32), str(number))


def compare(direction: str, left: ir.Value, right: ir.Value) -> ir.Value:
    """``compare direction, left, right`` of signed integers."""
    attribute = {"comparison_direction": ir.Attribute.parse(f"#stablehlo<comparison_direction {direction}>")}
    return make(
        "stablehlo.compare", [tensor_type(shape_of(left), ir.IntegerType.get_signless(1))], [left, right], attribute
    )


def spread(value: ir.Value, shape: Sequence[int], dims: Sequence[int]) -> ir.Value:
    """``broadcast_in_dim value, dims``."""
    kind = tensor_type(shape, element_type(value))
    if value.type == kind:
        return value
    return make("stablehlo.broadcast_in_dim", [kind], [value], {"broadcast_dimensions": i64s(dims)})


def is_neutral(value: ir.Value, fold: Fold) -> bool:
    """Whether ``value`` is (a broadcast of) a splat of the neutral element of ``fold``."""
    element = element_type(value)
    return (fold != "sum" or has_zero(element)) and is_constant(value, neutral(fold, element))


def _i32() -> ir.Type:
    return tensor_type((), ir.IntegerType.get_signless(32))
