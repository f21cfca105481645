"""How many stages, on which meshes, with how many microbatches: the choices behind ``auto``, and the devices of each mesh."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from compiler.plan import Axis, Mesh
from dialects.errors import fail

MICROBATCHES_PER_STAGE = 4  # (S-1)/(4S+S-1) is a bubble of at most 20 %: GPipe (NeurIPS'19) section 2.3 wants M >= 4S


@dataclass(frozen=True)
class Layout:
    """``mesh_of[stage]``; every mesh has ``data`` x ``spare`` devices, ``data`` of them share the rows of a microbatch."""

    meshes: tuple[Mesh, ...]
    mesh_of: tuple[int, ...]
    data: int
    spare: int


def auto_stages(hosts: int, devices: int) -> int:
    """One stage a host: links between hosts are the slow ones (Alpa, OSDI'22, section 5)."""
    return hosts if hosts > 1 and devices % hosts == 0 else 1


def microbatch_candidates(rows: int | None, stages: int, devices: int) -> list[int]:
    """Numbers of microbatches worth trying, best first; always ends with 1, which every program can do.

    With one stage there is no pipeline to fill. Otherwise divisors of the batch up to 4 per stage, those first that leave
    every device of a mesh a row.
    """
    if rows is None or rows < 2 or stages < 2:
        return [1]
    width = max(1, devices // stages)
    divisors = [m for m in range(rows, 1, -1) if rows % m == 0 and m <= MICROBATCHES_PER_STAGE * stages]
    filling = [m for m in divisors if (rows // m) % width == 0]
    return [*filling, *(m for m in divisors if m not in filling), 1]


def make_layout(stages: int, devices: int, rows_per_microbatch: int | None) -> Layout:
    """Equal meshes for ``stages`` on ``devices``. More stages than devices (or than divide them) share meshes, neighbours first."""
    if devices < 1:
        fail(f"got {devices} devices, want at least 1")
    num_meshes = max(n for n in range(1, min(stages, devices) + 1) if devices % n == 0)
    width = devices // num_meshes
    data = gcd(rows_per_microbatch, width) if rows_per_microbatch else 1
    spare = width // data
    axes = (Axis("data", data), *([Axis("spare", spare)] if spare > 1 else []))
    meshes = tuple(Mesh(f"mesh{i}", tuple(range(i * width, (i + 1) * width)), axes) for i in range(num_meshes))
    return Layout(meshes, tuple(stage * num_meshes // stages for stage in range(stages)), data, spare)


def mesh_text(layout: Layout) -> str:
    """The ``sdy.mesh`` that every stage module starts with."""
    axes: Sequence[Axis] = layout.meshes[0].axes
    inner = ", ".join(f'"{axis.name}"={axis.size}' for axis in axes)
    return f"sdy.mesh @mesh = <[{inner}]>"
