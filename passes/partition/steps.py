"""Which one collective leads from a sharding to another, by comparing the two. No IR here.

[{"x"}, {}]                   -> [{}, {}]                      all_gather over x, dim 0
[{}, {}]                      -> [{"x"}, {}]                   all_slice (no communication)
[{"x"}, {}]                   -> [{}, {"x"}]                   all_to_all over x, from dim 0 to dim 1
[{}, {}], unreduced={"x"}     -> [{}, {}]                      all_reduce over x
[{}, {}], unreduced={"x"}     -> [{"x"}, {}]                   reduce_scatter over x, dim 0
[{"x", "y"}, {}]              -> [{"y", "x"}, {}]              collective_permute
[{}, {}]                      -> [{}, {}], unreduced={"x"}     keep_first (no communication): the value on device 0, zero elsewhere
"""

from dataclasses import dataclass
from typing import Literal

from dialects.sharding import MeshShape, Sharding

StepKind = Literal[
    "all_gather", "all_slice", "all_to_all", "all_reduce", "reduce_scatter", "collective_permute", "keep_first"
]
FREE: tuple[StepKind, ...] = ("all_slice", "keep_first")  # these move no byte between devices


@dataclass(frozen=True, slots=True)
class Step:
    """One collective: over ``axes`` (major first); ``dim`` is gathered, scattered or made whole, ``to_dim`` gets split."""

    kind: StepKind
    axes: tuple[str, ...]
    dim: int = -1
    to_dim: int = -1


def used_axes(sharding: Sharding, mesh: MeshShape) -> Sharding:
    """The same without axes of size 1, which split nothing."""
    big = {name for name, size in mesh.axes if size > 1}
    dims = tuple(tuple(axis for axis in dim if axis in big) for dim in sharding.dims)
    return Sharding(dims, tuple(axis for axis in sharding.unreduced if axis in big))


def step_between(source: Sharding, target: Sharding, mesh: MeshShape) -> Step | None:
    """The collective that makes ``target`` of ``source``; None when they are equal. Raises ValueError when it takes several."""
    if source == target:
        return None
    if set(source.unreduced) != set(target.unreduced):
        return _reduction(source, target)
    gone, come = _changes(source, target)
    if not gone:
        return Step("all_slice", tuple(axis for _, axes in come for axis in axes))
    if not come and len(gone) == 1:
        return Step("all_gather", gone[0][1], gone[0][0])
    if len(gone) == len(come) == 1 and gone[0][1] == come[0][1] and gone[0][0] != come[0][0]:
        return Step("all_to_all", gone[0][1], gone[0][0], come[0][0])
    if all(mesh.size(a) == mesh.size(b) for a, b in zip(source.dims, target.dims, strict=True)):
        before, after = (_strides(sharding, mesh) for sharding in (source, target))
        return Step("collective_permute", tuple(n for n in mesh.names if before.get(n) != after.get(n)))
    raise ValueError(f"{source.text()} to {target.text()} is not one collective")


def _reduction(source: Sharding, target: Sharding) -> Step:
    done, more = (set(a.unreduced) - set(b.unreduced) for a, b in ((source, target), (target, source)))
    gone, come = _changes(source, target)
    if not gone and not come and not more:
        return Step("all_reduce", tuple(sorted(done)))
    if not gone and not come and not done:
        return Step("keep_first", tuple(sorted(more)))
    if not gone and not more and len(come) == 1 and sorted(come[0][1]) == sorted(done):
        return Step("reduce_scatter", come[0][1], come[0][0])
    raise ValueError(f"{source.text()} to {target.text()} is not one collective")


Change = list[tuple[int, tuple[str, ...]]]


def _changes(source: Sharding, target: Sharding) -> tuple[Change, Change]:
    """What each dim loses behind the axes it keeps, and what it gets there."""
    gone: Change = []
    come: Change = []
    for dim, (before, after) in enumerate(zip(source.dims, target.dims, strict=True)):
        kept = 0
        while kept < min(len(before), len(after)) and before[kept] == after[kept]:
            kept += 1
        if before[kept:]:
            gone.append((dim, before[kept:]))
        if after[kept:]:
            come.append((dim, after[kept:]))
    return gone, come


def _strides(sharding: Sharding, mesh: MeshShape) -> dict[str, tuple[int, int]]:
    """Axis -> its dim, and how many parts of that dim lie between neighbours along the axis."""
    dims = enumerate(sharding.dims)
    return {axis: (dim, mesh.size(axes[i + 1 :])) for dim, axes in dims for i, axis in enumerate(axes)}


def permutation(source: Sharding, target: Sharding, mesh: MeshShape) -> list[tuple[int, int]]:
    """(from, to) for each device: who holds the block that ``to`` shall have. Both split every dim in as many parts.

    A device that has its block already keeps it; each sends to exactly one.
    """
    have = [_block(source, mesh, device) for device in range(mesh.num_devices)]
    want = [_block(target, mesh, device) for device in range(mesh.num_devices)]
    stay = {device for device in range(mesh.num_devices) if have[device] == want[device]}
    free = [device for device in range(mesh.num_devices) if device not in stay]
    pairs = [(device, device) for device in stay]
    for device in range(mesh.num_devices):
        if device not in stay:
            sender = next(other for other in free if have[other] == want[device])
            free.remove(sender)
            pairs.append((sender, device))
    return sorted(pairs)


def _block(sharding: Sharding, mesh: MeshShape, device: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which part of each dim, and of the sum, the device holds."""
    place = coordinates(mesh, device)
    dims = tuple(_index(axes, place, mesh) for axes in sharding.dims)
    return dims, tuple(place[axis] for axis in sorted(sharding.unreduced))


def _index(axes: tuple[str, ...], place: dict[str, int], mesh: MeshShape) -> int:
    index = 0
    for axis in axes:
        index = index * mesh.size((axis,)) + place[axis]
    return index


def coordinates(mesh: MeshShape, device: int) -> dict[str, int]:
    """Where the device is along each axis."""
    place: dict[str, int] = {}
    for name, size in reversed(mesh.axes):
        device, place[name] = divmod(device, size)
    return place
