"""What there is to say about a plan, as records: the JSON of ``explain`` is these, its tables print them."""

from collections.abc import Sequence

import msgspec

from compiler.plan.pieces import moved_bytes, pieces_between
from compiler.plan.records import Mesh, Plan, Send, Sharding, Slot
from compiler.plan.sizes import shard_bytes, value_bytes
from dialects.values import PER_MICROBATCH


class StageRow(msgspec.Struct, frozen=True):
    """A stage: its mesh, what the cut after it is called ("" of the last), its fragments, and its work over a whole step."""

    stage: int
    mesh: str
    until: str
    fragments: tuple[str, ...]
    flops_per_step: float
    forward_s: float
    backward_s: float


class MeshRow(msgspec.Struct, frozen=True):
    """A mesh and the memory of each of its devices."""

    mesh: str
    ranks: tuple[int, ...]
    axes: dict[str, int]
    stages: tuple[int, ...]
    argument_bytes_per_device: float
    peak_bytes_per_device: float


class ShardingRow(msgspec.Struct, frozen=True):
    """Values with one role or kind on one mesh that are split in the same way. ``example``: the name of one."""

    what: str
    mesh: str
    sharding: str
    count: int
    total_bytes: int
    bytes_per_device: int
    example: str


class TransferRow(msgspec.Struct, frozen=True):
    """A value that one mesh sends to another ``times_per_step`` times, ``message_bytes`` from and to all devices each time."""

    value: str
    dtype: str
    shape: tuple[int, ...]
    message_bytes: int
    source: str
    target: str
    per: str  # "microbatch" | "step"
    times_per_step: int


def stage_rows(plan: Plan) -> list[StageRow]:
    """One row a stage."""
    rows: list[StageRow] = []
    for stage in range(plan.num_stages):
        mine = [f for f in plan.fragments if f.stage == stage]
        runs = {f.name: plan.microbatches if f.phase in PER_MICROBATCH else 1 for f in mine}
        forward, backward = plan.prediction.stage_forward_s, plan.prediction.stage_backward_s
        rows.append(
            StageRow(
                stage=stage,
                mesh=plan.meshes[mine[0].mesh].name if mine else "",
                until=plan.stages[stage].until if plan.stages else "",
                fragments=tuple(f.name for f in mine),
                flops_per_step=sum(f.flops * runs[f.name] for f in mine),
                forward_s=forward[stage] if stage < len(forward) else 0.0,
                backward_s=backward[stage] if stage < len(backward) else 0.0,
            )
        )
    return rows


def mesh_rows(plan: Plan) -> list[MeshRow]:
    """One row a mesh."""
    held, peak = plan.prediction.mesh_argument_bytes, plan.prediction.mesh_peak_bytes
    return [
        MeshRow(
            mesh=mesh.name,
            ranks=mesh.ranks,
            axes={axis.name: axis.size for axis in mesh.axes},
            stages=tuple(sorted({f.stage for f in plan.fragments if f.mesh == index})),
            argument_bytes_per_device=held[index] if index < len(held) else 0.0,
            peak_bytes_per_device=peak[index] if index < len(peak) else 0.0,
        )
        for index, mesh in enumerate(plan.meshes)
    ]


def show_sharding(sharding: Sharding, mesh: Mesh) -> str:
    """``dim 0 over data=4``, or ``replicated``; axes of size 1 split nothing and are not shown."""
    sizes = {axis.name: axis.size for axis in mesh.axes}
    parts = [
        f"dim {dim} over {'·'.join(f'{axis}={sizes[axis]}' for axis in axes if sizes[axis] > 1)}"
        for dim, axes in enumerate(sharding)
        if any(sizes[axis] > 1 for axis in axes)
    ]
    return ", ".join(parts) or "replicated"


def sharding_rows(plan: Plan) -> list[ShardingRow]:
    """Arguments by role and other values by kind, grouped by mesh and by how they are split."""
    groups: dict[tuple[str, int, str], list[tuple[int, int, str]]] = {}
    for value in plan.values:
        argument = plan.arguments[value.argument] if value.argument is not None else None
        what = argument.role if argument is not None else f"{value.kind} value"
        for placement in value.placements:
            mesh = plan.meshes[placement.mesh]
            key = what, placement.mesh, show_sharding(placement.sharding, mesh)
            name = argument.name or f"argument {argument.index}" if argument is not None else value.id
            groups.setdefault(key, []).append((value_bytes(value), shard_bytes(value, placement, mesh), name))
    return [
        ShardingRow(
            what=what,
            mesh=plan.meshes[mesh].name,
            sharding=sharding,
            count=len(found),
            total_bytes=sum(size for size, _, _ in found),
            bytes_per_device=sum(size for _, size, _ in found),
            example=max(found)[2],
        )
        for (what, mesh, sharding), found in sorted(groups.items(), key=lambda item: (item[0][1], item[0]))
    ]


def transfer_rows(plan: Plan) -> list[TransferRow]:
    """What the meshes send each other, most bytes per step first."""
    values = {value.id: value for value in plan.values}
    sent: dict[tuple[str, int, int], list[Send]] = {}
    for mesh, instructions in enumerate(plan.instructions):
        for item in instructions:
            if isinstance(item, Send):
                sent.setdefault((item.value, mesh, item.to), []).append(item)
    per_host = plan.machine.devices_per_host
    rows = [
        TransferRow(
            value=name,
            dtype=values[name].dtype,
            shape=values[name].shape,
            message_bytes=moved_bytes(
                values[name], pieces_between(values[name], plan.meshes, source, target, per_host)
            ),
            source=plan.meshes[source].name,
            target=plan.meshes[target].name,
            per="step" if messages[0].microbatch is None else "microbatch",
            times_per_step=len(messages),
        )
        for (name, source, target), messages in sent.items()
    ]
    return sorted(rows, key=lambda row: (-row.message_bytes * row.times_per_step, row.source, row.target, row.value))


def clock_rows(slots: Sequence[Slot], num_stages: int) -> list[list[str]]:
    """The schedule as a table: one row a stage, one cell a tick: "F0", "B0", "S" (setup), "U" (update) or ""."""
    rows = [[""] * (1 + max((slot.clock for slot in slots), default=-1)) for _ in range(num_stages)]
    for slot in slots:
        rows[slot.stage][slot.clock] = slot.phase[0].upper() + ("" if slot.microbatch is None else str(slot.microbatch))
    return rows
