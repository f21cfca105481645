"""How many stages, on which meshes, with how many microbatches: the choices behind ``auto``, and the devices of each mesh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from compiler.plan.records import Axis, Mesh
from dialects.errors import fail
from dialects.sharding import MeshShape

MICROBATCHES_PER_STAGE = 4  # (S-1)/(4S+S-1) is a bubble of at most 20 %: GPipe (NeurIPS'19) section 2.3 wants M >= 4S


@dataclass(frozen=True)
class Asked:
    """What was asked of one mesh: the sizes of its logical axes, and who chooses its shardings. None means: choose."""

    shape: tuple[int, ...] | None = None
    intra: str | None = None


@dataclass(frozen=True)
class Layout:
    """``mesh_of[stage]``, and ``asked[mesh]``. Meshes have devices of their own, as many as each wants; their axes come later."""

    meshes: tuple[Mesh, ...]
    mesh_of: tuple[int, ...]
    asked: tuple[Asked, ...]

    def on(self, shapes: Mapping[int, MeshShape]) -> "Layout":
        """The same meshes with the axes of a logical shape each."""
        axes = {number: tuple(Axis(name, size) for name, size in shape.axes) for number, shape in shapes.items()}
        meshes = (Mesh(m.name, m.ranks, axes.get(number, m.axes)) for number, m in enumerate(self.meshes))
        return replace(self, meshes=tuple(meshes))


def auto_stages(hosts: int, devices: int) -> int:
    """One stage a host: links between hosts are the slow ones (Alpa, OSDI'22, section 5)."""
    return hosts if hosts > 1 and devices % hosts == 0 else 1


def microbatch_candidates(rows: int | None, widths: Sequence[int]) -> list[int]:
    """Numbers of microbatches worth trying, best first; always ends with 1, which every program can do. ``widths[stage]``: devices.

    With one stage there is no pipeline to fill (``more_microbatches`` come where one has no room). Otherwise divisors of the batch
    up to 4 per stage, those first that leave every device of each mesh a row.
    """
    if rows is None or rows < 2 or len(widths) < 2:
        return [1]
    divisors = [m for m in range(rows, 1, -1) if rows % m == 0 and m <= MICROBATCHES_PER_STAGE * len(widths)]
    filling = [m for m in divisors if all((rows // m) % width == 0 for width in widths)]
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
    ranks = [tuple(range(i * width, (i + 1) * width)) for i in range(num_meshes)]
    return layout_of(ranks, [stage * num_meshes // stages for stage in range(stages)])


def layout_of(ranks: Sequence[tuple[int, ...]], mesh_of: Sequence[int], asked: Sequence[Asked] = ()) -> Layout:
    """Mesh i has the devices ``ranks[i]``, on one axis until its shape is chosen."""
    meshes = tuple(Mesh(f"mesh{i}", mine, (Axis("x", len(mine)),)) for i, mine in enumerate(ranks))
    return Layout(meshes, tuple(mesh_of), tuple(asked) or (Asked(),) * len(meshes))
