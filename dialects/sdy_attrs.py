"""Shardy's attributes as ``Sharding`` and ``MeshShape``, and back. All shardings are closed.

The meshes of a plan are ``@mesh0``, ``@mesh1`` …; a module with just one may call it ``@mesh``, and the files of a plan do.
"""

from collections.abc import Sequence

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import sdy

from dialects import attributes as names
from dialects.sharding import MeshShape, Sharding
from dialects.signature import op_int

SHARDING = "sdy.sharding"
ONLY = "mesh"  # the symbol of a mesh without a number


def mesh_symbol(number: int | None) -> str:
    """What mesh ``number`` of a plan is called in the IR: ``mesh1``; ``mesh`` where it has no number."""
    return ONLY if number is None else f"{ONLY}{number}"


def symbol_of(func: ir.OpView) -> str:
    """The symbol of the mesh that runs a fragment."""
    return mesh_symbol(op_int(func.operation, names.MESH))


def sharding_attr(sharding: Sharding, symbol: str = ONLY) -> ir.Attribute:
    """``#sdy.sharding<@mesh, …>``, for an argument or result of a function."""
    return ir.Attribute.parse(f"#sdy.sharding<@{symbol}, {sharding.text()}>")


def shardings_attr(shardings: Sequence[Sharding], symbol: str = ONLY) -> ir.Attribute:
    """``#sdy.sharding_per_value<[…]>``, for the results of an op."""
    inner = ", ".join(f"<@{symbol}, {sharding.text()}>" for sharding in shardings)
    return ir.Attribute.parse(f"#sdy.sharding_per_value<[{inner}]>")


def read_sharding(attribute: ir.Attribute) -> Sharding:
    """The inverse of ``sharding_attr``. Sub-axes and priorities are not read."""
    tensor = sdy.TensorShardingAttr(attribute)
    dims = [sdy.DimensionShardingAttr(dim) for dim in tensor.dimension_shardings]
    unreduced = tuple(sdy.AxisRefAttr(axis).name for axis in tensor.unreduced_axes)
    return Sharding(tuple(tuple(sdy.AxisRefAttr(axis).name for axis in dim.axes) for dim in dims), unreduced)


def read_shardings(attribute: ir.Attribute) -> tuple[Sharding, ...]:
    """The inverse of ``shardings_attr``."""
    return tuple(read_sharding(item) for item in sdy.TensorShardingPerValueAttr(attribute).shardings)


def op_shardings(op: ir.Operation) -> tuple[Sharding, ...]:
    """The shardings of an annotated op's results; of a ``sdy.reshard``, its target. () when the op has none."""
    if op.name == "sdy.reshard":
        return (read_sharding(op.attributes["sharding"]),)
    return read_shardings(op.attributes[SHARDING]) if SHARDING in op.attributes else ()


def find_mesh(module: ir.Module, symbol: str = ONLY) -> ir.Operation | None:
    """``sdy.mesh @symbol``; None when the module has no such mesh."""
    named = (op.operation for op in module.body.operations if op.operation.name == "sdy.mesh")
    return next((op for op in named if ir.StringAttr(op.attributes["sym_name"]).value == symbol), None)


def read_mesh(module: ir.Module, symbol: str = ONLY) -> MeshShape | None:
    """The shape of ``sdy.mesh @symbol``; None when the module has no such mesh."""
    op = find_mesh(module, symbol)
    return None if op is None else _shape(op)


def read_meshes(module: ir.Module) -> list[MeshShape]:
    """The shape of every ``sdy.mesh``: a frontend may declare several."""
    return [_shape(op.operation) for op in module.body.operations if op.operation.name == "sdy.mesh"]


def _shape(op: ir.Operation) -> MeshShape:
    axes = [sdy.MeshAxisAttr(axis) for axis in sdy.MeshAttr(op.attributes["mesh"]).axes]
    return MeshShape(tuple((axis.name, axis.size) for axis in axes))


def mesh_text(mesh: MeshShape, symbol: str = ONLY) -> str:
    """``sdy.mesh @mesh = <["x"=2, "y"=4]>``."""
    inner = ", ".join(f'"{name}"={size}' for name, size in mesh.axes)
    return f"sdy.mesh @{symbol} = <[{inner}]>"
