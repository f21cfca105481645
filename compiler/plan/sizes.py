"""Bytes of a dtype, of a value, of its shard on one device."""

import re
from collections.abc import Sequence
from math import prod

from compiler.plan.records import Mesh, Placement, Value


def dtype_bytes(dtype: str) -> int:
    """Bytes of one element of an MLIR type: f32 4, i1 1, complex<f32> 8, f8E4M3FN 1. Less than a byte counts as one."""
    match = re.search(r"\d+", dtype)
    size = max(1, int(match[0]) // 8) if match else 8  # no number: index
    return 2 * size if dtype.startswith("complex") else size


def value_bytes(value: Value) -> int:
    """Bytes of one whole instance of a value."""
    return prod(value.shape) * dtype_bytes(value.dtype)


def shard_bytes(value: Value, placement: Placement, mesh: Mesh) -> int:
    """Bytes of one instance of a value on each device of a mesh."""
    sizes = {axis.name: axis.size for axis in mesh.axes}
    return value_bytes(value) // prod(sizes[axis] for axes in placement.sharding for axis in axes)


def placed_bytes(values: Sequence[Value], meshes: Sequence[Mesh], mesh: int) -> dict[str, int]:
    """Value id -> bytes of one instance on each device of mesh number ``mesh``, for the values placed there."""
    return {
        value.id: shard_bytes(value, placement, meshes[mesh])
        for value in values
        for placement in value.placements
        if placement.mesh == mesh
    }
