"""Bytes of a value, of its shard on one device, of a message that holds it."""

import re
from collections.abc import Sequence
from math import prod

from compiler.plan.records import Mesh, Placement, Value


def dtype_bits(dtype: str) -> int:
    """Bits of one element of an MLIR type in a device's memory: f32 32, i1 8, complex<f32> 64, i4 and f4E2M1FN 4, i2 2."""
    match = re.search(r"\d+", dtype)
    bits = int(match[0]) if match else 64  # no number: index
    return 2 * bits if dtype.startswith("complex") else 8 if bits == 1 else bits


def value_bytes(value: Value) -> int:
    """Bytes of one whole instance of a value in a device's memory, where XLA packs what is narrower than a byte."""
    return _packed(prod(value.shape), value.dtype)


def element_message_bytes(dtype: str) -> int:
    """Bytes of one element between meshes: there it is one of a host's array, with at least a byte each."""
    return max(1, dtype_bits(dtype) // 8)


def message_bytes(value: Value) -> int:
    """Bytes of one whole instance of a value between meshes, sent once."""
    return prod(value.shape) * element_message_bytes(value.dtype)


def shard_bytes(value: Value, placement: Placement, mesh: Mesh) -> int:
    """Bytes of one instance of a value on each device of a mesh."""
    sizes = {axis.name: axis.size for axis in mesh.axes}
    return _packed(prod(value.shape) // prod(sizes[axis] for axes in placement.sharding for axis in axes), value.dtype)


def placed_bytes(values: Sequence[Value], meshes: Sequence[Mesh], mesh: int) -> dict[str, int]:
    """Value id -> bytes of one instance on each device of mesh number ``mesh``, for the values placed there."""
    return {
        value.id: shard_bytes(value, placement, meshes[mesh])
        for value in values
        for placement in value.placements
        if placement.mesh == mesh
    }


def _packed(elements: int, dtype: str) -> int:
    return -(-elements * dtype_bits(dtype) // 8)
