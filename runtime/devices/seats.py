"""Rank -> mesh -> place in it: a rank is one device of one mesh."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.plan.records import Fragment, Mesh, Plan
from dialects.errors import fail


@dataclass(frozen=True)
class Seat:
    """Where a rank sits: device ``device`` of mesh number ``mesh``. ``name`` is how messages call it."""

    rank: int
    mesh: int
    device: int
    name: str


def seats(plan: Plan, size: int) -> list[Seat]:
    """The seat of every rank, for a job of ``size`` ranks. Raises UserError if the plan is for another number."""
    wanted = sum(len(mesh.ranks) for mesh in plan.meshes)
    if wanted != size:
        fail(
            f"got {size} rank{'s' * (size != 1)}, want {wanted}",
            where=f"the plan is for {wanted} devices in {len(plan.meshes)} mesh{'es' * (len(plan.meshes) != 1)}",
            remedy=f"start it with mpirun -np {wanted}, or plan for {size} devices",
        )
    found: dict[int, Seat] = {}
    for index, mesh in enumerate(plan.meshes):
        if len(mesh.ranks) != num_devices(mesh):
            fail(f"got {len(mesh.ranks)} ranks, want {num_devices(mesh)}, the product of the axes", where=mesh.name)
        for device, rank in enumerate(mesh.ranks):
            found[rank] = Seat(rank, index, device, _name(plan, rank, index))
    if sorted(found) != list(range(size)):
        fail(f"the meshes name ranks {sorted(found)}, want each of 0 to {size - 1} once", where="plan.json")
    return [found[rank] for rank in range(size)]


def num_devices(mesh: Mesh) -> int:
    """The product of the axis sizes; 1 without axes."""
    count = 1
    for axis in mesh.axes:
        count *= axis.size
    return count


def fragments_of(plan: Plan, mesh: int) -> list[Fragment]:
    """The fragments that mesh number ``mesh`` runs, in plan order."""
    return [fragment for fragment in plan.fragments if fragment.mesh == mesh]


def _name(plan: Plan, rank: int, mesh: int) -> str:
    stages = sorted({fragment.stage for fragment in fragments_of(plan, mesh)})
    if not stages:
        return f"rank {rank} (mesh {mesh})"
    shown = str(stages[0]) if len(stages) == 1 else f"{stages[0]}-{stages[-1]}"
    return f"rank {rank} (mesh {mesh}, stage{'s' * (len(stages) > 1)} {shown})"
