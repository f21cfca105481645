"""Shardy's attributes as ``Sharding`` and ``MeshShape``, and back. One mesh, named ``@mesh``; all shardings are closed."""

from collections.abc import Sequence

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import sdy

from dialects.sharding import MeshShape, Sharding

SHARDING = "sdy.sharding"


def sharding_attr(sharding: Sharding) -> ir.Attribute:
    """``#sdy.sharding<@mesh, …>``, for an argument or result of a function."""
    return ir.Attribute.parse(f"#sdy.sharding<@mesh, {sharding.text()}>")


def shardings_attr(shardings: Sequence[Sharding]) -> ir.Attribute:
    """``#sdy.sharding_per_value<[…]>``, for the results of an op."""
    inner = ", ".join(f"<@mesh, {sharding.text()}>" for sharding in shardings)
    return ir.Attribute.parse(f"#sdy.sharding_per_value<[{inner}]>")


def read_sharding(attribute: ir.Attribute) -> Sharding:
    """The inverse of ``sharding_attr``. Sub-axes and priorities are not read."""
    tensor = sdy.TensorShardingAttr(attribute)
    dims = [sdy.DimensionShardingAttr(dim) for dim in tensor.dimension_shardings]
    unreduced = tuple(sdy.AxisRefAttr(axis).name for axis in tensor.unreduced_axes)
    return Sharding(tuple(tuple(sdy.AxisRefAttr(axis).name for axis in dim.axes) for dim in dims), unreduced)


def op_shardings(op: ir.Operation) -> tuple[Sharding, ...]:
    """The shardings of an annotated op's results; of a ``sdy.reshard``, its target. () when the op has none."""
    if op.name == "sdy.reshard":
        return (read_sharding(op.attributes["sharding"]),)
    if SHARDING not in op.attributes:
        return ()
    return tuple(read_sharding(item) for item in sdy.TensorShardingPerValueAttr(op.attributes[SHARDING]).shardings)


def read_mesh(module: ir.Module) -> MeshShape | None:
    """The shape of ``sdy.mesh @mesh``; None when the module has no mesh."""
    found = read_meshes(module)
    return found[0] if found else None


def read_meshes(module: ir.Module) -> list[MeshShape]:
    """The shape of every ``sdy.mesh``: a frontend may declare several."""
    meshes = [op.operation for op in module.body.operations if op.operation.name == "sdy.mesh"]
    axes = [[sdy.MeshAxisAttr(axis) for axis in sdy.MeshAttr(op.attributes["mesh"]).axes] for op in meshes]
    return [MeshShape(tuple((axis.name, axis.size) for axis in each)) for each in axes]


def mesh_text(mesh: MeshShape) -> str:
    """``sdy.mesh @mesh = <["x"=2, "y"=4]>``."""
    inner = ", ".join(f'"{name}"={size}' for name, size in mesh.axes)
    return f"sdy.mesh @mesh = <[{inner}]>"
