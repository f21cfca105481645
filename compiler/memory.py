"""Bytes: of a dtype, of a value, of its shard on one device, and of all that a device holds as it runs its list."""

import re
from collections.abc import Mapping, Sequence
from math import prod

from compiler.instructions import Instance, Program
from compiler.plan import Free, Instruction, Mesh, Placement, Recv, Run, Value


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


def peak_bytes(
    program: Program,
    instructions: Sequence[Instruction],
    sizes: Mapping[str, int],
    temp_bytes: Mapping[str, float],
) -> tuple[float, float]:
    """(arguments, peak) in bytes per device of one mesh: live values along its list, plus what a run needs inside.

    ``sizes``: from ``placed_bytes``. ``temp_bytes``: fragment -> bytes per device that only its run needs. A donated
    input gives its room to an output when one is no larger; else both count during the run.
    """
    arguments = {v.id: sizes[v.id] for v in program.values.values() if v.kind == "argument" and v.id in sizes}
    live: dict[Instance, int] = {(value, None): size for value, size in arguments.items()}
    peak = sum(live.values())
    for item in instructions:
        if isinstance(item, Recv):
            live[item.value, item.microbatch] = sizes.get(item.value, 0)
        elif isinstance(item, Free):
            live.pop((item.value, item.microbatch), None)
        elif isinstance(item, Run):
            live |= {instance: sizes.get(instance[0], 0) for instance in program.reads(item) if instance not in live}
            donated = program.donates(item)
            written = {instance: sizes.get(instance[0], 0) for instance in program.writes(item)}
            new = max(0, sum(written.values()) - sum(live[instance] for instance in donated))
            peak = max(peak, sum(live.values()) + new + int(temp_bytes.get(item.fragment, 0)))
            for instance in donated:
                del live[instance]
            live |= written
        peak = max(peak, sum(live.values()))
    return float(sum(arguments.values())), float(peak)
