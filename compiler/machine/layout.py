"""How many stages, on which meshes, with how many microbatches: the choices behind ``auto``, and the devices of each mesh."""

from dataclasses import dataclass

from compiler.plan.records import Axis, Mesh
from dialects.errors import fail
from dialects.sharding import MeshShape

MICROBATCHES_PER_STAGE = 4  # (S-1)/(4S+S-1) is a bubble of at most 20 %: GPipe (NeurIPS'19) section 2.3 wants M >= 4S


@dataclass(frozen=True)
class Layout:
    """``mesh_of[stage]``; all meshes have as many devices and the same axes."""

    meshes: tuple[Mesh, ...]
    mesh_of: tuple[int, ...]

    @property
    def width(self) -> int:
        """Devices of one mesh."""
        return len(self.meshes[0].ranks)

    def on(self, shape: MeshShape) -> "Layout":
        """The same meshes with the axes of a logical mesh."""
        axes = tuple(Axis(name, size) for name, size in shape.axes)
        return Layout(tuple(Mesh(mesh.name, mesh.ranks, axes) for mesh in self.meshes), self.mesh_of)


def auto_stages(hosts: int, devices: int) -> int:
    """One stage a host: links between hosts are the slow ones (Alpa, OSDI'22, section 5)."""
    return hosts if hosts > 1 and devices % hosts == 0 else 1


def microbatch_candidates(rows: int | None, stages: int, devices: int) -> list[int]:
    """Numbers of microbatches worth trying, best first; always ends with 1, which every program can do.

    With one stage there is no pipeline to fill (``more_microbatches`` come where one has no room). Otherwise divisors of the batch
    up to 4 per stage, those first that leave every device of a mesh a row.
    """
    if rows is None or rows < 2 or stages < 2:
        return [1]
    width = max(1, devices // stages)
    divisors = [m for m in range(rows, 1, -1) if rows % m == 0 and m <= MICROBATCHES_PER_STAGE * stages]
    filling = [m for m in divisors if (rows // m) % width == 0]
    return [*filling, *(m for m in divisors if m not in filling), 1]


def more_microbatches(rows: int | None, tried: int) -> list[int]:
    """Numbers beyond ``tried`` that divide the rows, fewest first: what is left when a step has no room."""
    return [m for m in range(tried + 1, (rows or 0) + 1) if (rows or 0) % m == 0]


def make_layout(stages: int, devices: int) -> Layout:
    """Equal meshes for ``stages`` on ``devices``. More stages than devices (or than divide them) share meshes, neighbours first."""
    if devices < 1:
        fail(f"got {devices} devices, want at least 1")
    num_meshes = max(n for n in range(1, min(stages, devices) + 1) if devices % n == 0)
    width = devices // num_meshes
    axes = (Axis("x", width),)
    meshes = tuple(Mesh(f"mesh{i}", tuple(range(i * width, (i + 1) * width)), axes) for i in range(num_meshes))
    return Layout(meshes, tuple(stage * num_meshes // stages for stage in range(stages)))
