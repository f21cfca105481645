"""Every sharding of a tensor of one rank on one mesh, and every move between two of them that is one collective.

    all_gather          minor-most axes of one dim                  [{"x", "y"}, {}] -> [{"x"}, {}]
    all_slice           unused axes to the minor end of one dim     [{"x"}, {}] -> [{"x", "y"}, {}]
    all_to_all          minor-most axes of dim i to the end of j    [{"x", "y"}, {}] -> [{"x"}, {"y"}]
    all_reduce          unreduced axes                              [{}, {}], unreduced={"x"} -> [{}, {}]
    reduce_scatter      unreduced axes to the end of one dim        [{}, {}], unreduced={"x"} -> [{"x"}, {}]
    collective_permute  any other with equal local shapes           [{"x", "y"}, {}] -> [{"y", "x"}, {}]

Each is what Shardy's ``sdy-reshard-to-collectives`` makes of one ``sdy.reshard`` (a reduce_scatter: all_reduce and all_slice);
tests/py/ir/test_reshard_native.py compares all of them. A value that is whole is never made unreduced.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, pairwise, permutations, product

from dialects.sharding import MeshShape, Sharding
from passes.solvers.costs.mesh_costs import Kind


@dataclass(frozen=True, slots=True)
class Move:
    """One collective. ``axes``: those that talk. ``dims``: the one gathered, sliced or scattered; from and to; or none."""

    kind: Kind
    axes: tuple[str, ...]
    dims: tuple[int, ...]
    after: Sharding

    def larger_parts(self, before: Sharding, mesh: MeshShape) -> int:
        """The value's bytes divided by this are the bytes a device of the larger side."""
        larger = self.after if self.kind == "all_gather" else before
        return mesh.size(axis for dim in larger.dims for axis in dim)


def all_states(rank: int, mesh: MeshShape) -> tuple[Sharding, ...]:
    """Each axis unused, on one dim or unreduced, in every order on its dim; those in mesh order first, replicated before all."""
    found: list[Sharding] = []
    for places in product(range(-1, rank + 1), repeat=len(mesh.axes)):
        taken = [tuple(name for name, at in zip(mesh.names, places, strict=True) if at == dim) for dim in range(rank)]
        unreduced = tuple(sorted(name for name, at in zip(mesh.names, places, strict=True) if at == rank))
        found += [Sharding(dims, unreduced) for dims in product(*(permutations(axes) for axes in taken))]
    return tuple(sorted(found, key=lambda state: not is_canonical(state, mesh)))


def is_canonical(state: Sharding, mesh: MeshShape) -> bool:
    """Whether the axes of each dim are in mesh order."""
    position = {name: index for index, name in enumerate(mesh.names)}
    return all(position[a] < position[b] for dim in state.dims for a, b in pairwise(dim))


def moves(state: Sharding, mesh: MeshShape, same_local: dict[tuple[object, ...], list[Sharding]]) -> Iterator[Move]:
    """All moves out of ``state``. ``same_local``: ``local_key`` -> the states that have it."""
    unused = [name for name in mesh.names if name not in state.axes]
    for dim, axes in enumerate(state.dims):
        for cut in range(len(axes)):
            kept, moved = axes[:cut], axes[cut:]
            yield Move("all_gather", moved, (dim,), _with(state, {dim: kept}))
            for target in range(len(state.dims)):
                if target != dim:
                    after = _with(state, {dim: kept, target: state.dims[target] + moved})
                    yield Move("all_to_all", moved, (dim, target), after)
        for added in _sequences(unused):
            yield Move("all_slice", added, (dim,), _with(state, {dim: axes + added}))
        for added in _sequences(state.unreduced):
            after = _with(state, {dim: axes + added}, _without(state.unreduced, added))
            yield Move("reduce_scatter", added, (dim,), after)
    for size in range(1, len(state.unreduced) + 1):
        for reduced in combinations(state.unreduced, size):
            ordered = tuple(name for name in mesh.names if name in reduced)
            yield Move("all_reduce", ordered, (), _with(state, {}, _without(state.unreduced, reduced)))
    for after in same_local[local_key(state, mesh)]:
        if after != state:
            yield Move("collective_permute", _moved_axes(state, after, mesh), (), after)


def local_key(state: Sharding, mesh: MeshShape) -> tuple[object, ...]:
    """Equal for two states between which a permute of the devices' parts is all that it takes."""
    return (tuple(mesh.size(dim) for dim in state.dims), state.unreduced)


def _moved_axes(before: Sharding, after: Sharding, mesh: MeshShape) -> tuple[str, ...]:
    """The axes along which some device's part has to travel: those that do not keep dim and stride in it."""
    places = [_strides(state, mesh) for state in (before, after)]
    return tuple(name for name in mesh.names if places[0].get(name) != places[1].get(name))


def _strides(state: Sharding, mesh: MeshShape) -> dict[str, tuple[int, int]]:
    return {
        name: (dim, mesh.size(axes[index + 1 :]))
        for dim, axes in enumerate(state.dims)
        for index, name in enumerate(axes)
    }


def _sequences(axes: list[str] | tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(permutations(axes, size) for size in range(1, len(axes) + 1))


def _without(axes: tuple[str, ...], gone: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(axis for axis in axes if axis not in gone)


def _with(state: Sharding, changed: dict[int, tuple[str, ...]], unreduced: tuple[str, ...] | None = None) -> Sharding:
    dims = tuple(changed.get(dim, axes) for dim, axes in enumerate(state.dims))
    return Sharding(dims, state.unreduced if unreduced is None else unreduced)
