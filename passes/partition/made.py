"""Values that come from nowhere: each device makes its own part of a constant or an iota; random numbers are device 0's."""

from collections.abc import Callable

from jaxlib.mlir import ir

from dialects.build import make, tensor_type
from dialects.constants import constant_elements
from dialects.ops import element_type, shape_of
from dialects.sharding import Sharding
from passes.partition.collectives import convert, same_everywhere
from passes.partition.device import Device, spread


def _constant(op: ir.Operation, sharding: Sharding, device: Device) -> ir.Value:
    """A splat is made small; of other constants, which every device has as a whole, it takes its part."""
    whole, dense = op.results[0], constant_elements(op)
    if dense is None or not dense.is_splat:
        return device.slice(whole, sharding.dims)
    if not any(sharding.dims):
        return whole
    kind = tensor_type(device.mesh.local_shape(shape_of(whole), sharding), element_type(whole))
    return make(
        "stablehlo.constant", [kind], [], {"value": ir.DenseElementsAttr.get_splat(kind, dense.get_splat_value())}
    )


def _iota(op: ir.Operation, sharding: Sharding, device: Device) -> ir.Value:
    """Counted in i32 from where this device's part starts, then converted, so that no narrow type rounds twice."""
    dim, whole = ir.IntegerAttr(op.attributes["iota_dimension"]).value, op.results[0]
    if not any(sharding.dims):
        return whole
    shape, element = device.mesh.local_shape(shape_of(whole), sharding), element_type(whole)
    counted = element if not sharding.dims[dim] else ir.IntegerType.get_signless(32)
    kind = tensor_type(shape, counted)
    count = make("stablehlo.iota", [kind], [], {"iota_dimension": op.attributes["iota_dimension"]})
    if not sharding.dims[dim]:
        return count
    start = spread(device.offset(sharding.dims[dim], shape[dim]), shape, [])
    return convert(make("stablehlo.add", [kind], [count, start]), element)


def _rng(op: ir.Operation, sharding: Sharding, device: Device) -> ir.Value:
    """Every device would draw other numbers."""
    return device.slice(same_everywhere(op.results[0], device), sharding.dims)


_MAKERS: dict[str, Callable[[ir.Operation, Sharding, Device], ir.Value]] = {
    "stablehlo.constant": _constant,
    "stablehlo.iota": _iota,
    "stablehlo.rng": _rng,
}
MADE = frozenset(_MAKERS)


def made(op: ir.Operation, sharding: Sharding, device: Device) -> ir.Value:
    """This device's part of the result of ``op``, one of ``MADE``, at the current insertion point after it."""
    return device.first_only(_MAKERS[op.name](op, sharding, device), sharding.unreduced)
