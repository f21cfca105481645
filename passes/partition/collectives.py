"""A reshard step as StableHLO: the collective with its groups and channel, on local values.

Values travel in the type that ``wire_type`` says and are converted back behind the collective.
"""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import make, splat, tensor_type
from dialects.ops import defining_op, element_type, shape_of
from dialects.sharding import MeshShape, Sharding
from passes.analysis.ops.folds import OP_OF_FOLD, filler
from passes.analysis.ops.forms import Fold
from passes.analysis.ops.wire import wire_type
from passes.partition.device import Device
from passes.partition.indexed import with_body
from passes.partition.steps import Step, permutation


def emit(
    value: ir.Value,
    step: Step,
    source: Sharding,
    target: Sharding,
    device: Device,
    fold: Fold,
    joins: ir.Attribute | None = None,
) -> ir.Value:
    """The local value after ``step``, at the current insertion point. ``joins``: ``mw.joins`` of the reshard."""
    mesh = device.mesh
    if 0 in shape_of(value):
        return splat(_local_after(value, source, target, mesh), element_type(value), filler(element_type(value)))
    if step.kind == "all_slice":
        return device.slice(value, [dim[len(old) :] for dim, old in zip(target.dims, source.dims, strict=True)])
    if step.kind == "keep_first":
        return device.first_only(value, step.axes)
    element = element_type(value)
    travelling = convert(value, wire_type(element, step.kind))
    made = _collective(travelling, step, (source, target), device, fold)
    if joins is not None and (op := defining_op(made)) is not None:
        op.attributes[names.JOINS] = joins
    return convert(made, element)


def _collective(value: ir.Value, step: Step, ends: tuple[Sharding, Sharding], device: Device, fold: Fold) -> ir.Value:
    mesh = device.mesh
    attributes = {"channel_handle": device.channel()}
    if step.kind == "collective_permute":
        attributes["source_target_pairs"] = matrix(permutation(*ends, mesh))
        return make("stablehlo.collective_permute", [value.type], [value], attributes)
    attributes["replica_groups"] = matrix(mesh.groups(step.axes))
    parts = mesh.size(step.axes)
    if step.kind == "all_to_all":
        attributes |= {
            "split_dimension": _i64(step.to_dim),
            "concat_dimension": _i64(step.dim),
            "split_count": _i64(parts),
        }
        return make(
            "stablehlo.all_to_all", [_scaled(value, (step.dim, parts, 1), (step.to_dim, 1, parts))], [value], attributes
        )
    attributes["use_global_device_ids"] = ir.UnitAttr.get()
    if step.kind == "all_gather":
        attributes["all_gather_dim"] = _i64(step.dim)
        return make("stablehlo.all_gather", [_scaled(value, (step.dim, parts, 1))], [value], attributes)
    return _reduction(value, step, attributes, parts, fold)


def _reduction(value: ir.Value, step: Step, attributes: dict[str, ir.Attribute], parts: int, fold: Fold) -> ir.Value:
    kind: ir.Type = value.type
    if step.kind == "reduce_scatter":
        attributes["scatter_dimension"] = _i64(step.dim)
        kind = _scaled(value, (step.dim, 1, parts))
    op = ir.Operation.create(f"stablehlo.{step.kind}", [kind], [value], attributes, regions=1)
    return with_body(op, OP_OF_FOLD[_ON_NUMBERS.get(fold, fold)], element_type(value))


# Booleans as 0 and 1: XLA's CPU collectives have no logical reduction.
_ON_NUMBERS: dict[Fold, Fold] = {"or": "max", "and": "min"}


def _local_after(value: ir.Value, source: Sharding, target: Sharding, mesh: MeshShape) -> tuple[int, ...]:
    dims = zip(shape_of(value), source.dims, target.dims, strict=True)
    return tuple(size * mesh.size(old) // mesh.size(new) for size, old, new in dims)


def convert(value: ir.Value, element: ir.Type) -> ir.Value:
    """``convert``, or the value itself."""
    if element_type(value) == element:
        return value
    return make("stablehlo.convert", [tensor_type(shape_of(value), element)], [value])


def same_everywhere(value: ir.Value, device: Device) -> ir.Value:
    """Device 0's ``value`` on all devices."""
    axes = device.mesh.names
    empty = Sharding(((),) * len(shape_of(value)))
    summed = Sharding(empty.dims, tuple(sorted(axes)))
    return emit(device.first_only(value, axes), Step("all_reduce", axes), summed, empty, device, "sum")


def _scaled(value: ir.Value, *changes: tuple[int, int, int]) -> ir.Type:
    shape = list(shape_of(value))
    for dim, times, over in changes:
        shape[dim] = shape[dim] * times // over
    return tensor_type(shape, element_type(value))


def matrix(rows: Sequence[Sequence[int]]) -> ir.Attribute:
    """Groups or pairs of devices as ``dense<…> : tensor<…xi64>``."""
    text = ", ".join(f"[{', '.join(str(item) for item in row)}]" for row in rows)
    return ir.Attribute.parse(f"dense<[{text}]> : tensor<{len(rows)}x{len(rows[0])}xi64>")


def _i64(number: int) -> ir.Attribute:
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(64), number)
