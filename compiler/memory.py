"""Bytes: of a dtype, of a value, of its shard on one device, and of all that a device holds as it runs its list."""

import re
from collections.abc import Mapping, Sequence
from math import prod

from compiler.instructions import Instance, Program
from compiler.plan import Fragment, Free, Instruction, Mesh, Placement, Recv, Result, Run, Value


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


def reused_bytes(fragment: Fragment, results: Sequence[Result], sizes: Mapping[str, int]) -> int:
    """Bytes of the outputs that are written into donated inputs: an accumulator, or the next value of the same state."""
    next_value = {f"arg{result.state_arg}": result.value for result in results if result.state_arg is not None}
    left = set(fragment.outputs)
    found = 0
    for position in fragment.donated:
        value = fragment.inputs[position]
        output = value if value in left else next_value.get(value)
        if output in left and sizes.get(output) == sizes.get(value):
            left.remove(output)
            found += sizes.get(value, 0)
    return found


def peak_bytes(
    program: Program,
    instructions: Sequence[Instruction],
    sizes: Mapping[str, int],
    temp_bytes: Mapping[str, float],
    reused: Mapping[str, int],
) -> tuple[float, float]:
    """(arguments, peak) in bytes per device of one mesh: live values along its list, plus what a run needs inside.

    ``sizes``: from ``placed_bytes``. ``temp_bytes``: fragment -> bytes per device that only its run needs. ``reused``:
    fragment -> ``reused_bytes``; other donated inputs are dropped after the run and count with its outputs.
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
            new = sum(written.values()) - reused.get(item.fragment, 0)
            peak = max(peak, sum(live.values()) + new + int(temp_bytes.get(item.fragment, 0)))
            for instance in donated:
                del live[instance]
            live |= written
        peak = max(peak, sum(live.values()))
    return float(sum(arguments.values())), float(peak)
