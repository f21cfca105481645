"""What ``partition`` calls the step between two shardings is the move that the solver priced, for every move of two meshes."""

import pytest

from dialects.sharding import MeshShape, Sharding
from passes.partition.steps import FREE, permutation, step_between, used_axes
from passes.solvers.costs.reshard_moves import Move, all_states, local_key, moves

MESHES = (MeshShape((("x", 2), ("y", 4))), MeshShape((("x", 2), ("y", 2), ("z", 2))))


def described(move: Move) -> tuple[object, ...]:
    return (move.kind, move.axes, move.dims) if move.kind not in FREE else (move.kind, move.axes, ())


@pytest.mark.parametrize("rank", range(4))
@pytest.mark.parametrize("mesh", MESHES, ids=["2x4", "2x2x2"])
def test_step_is_the_move(mesh: MeshShape, rank: int) -> None:
    states = all_states(rank, mesh)
    alike: dict[tuple[object, ...], list[Sharding]] = {}
    for state in states:
        alike.setdefault(local_key(state, mesh), []).append(state)
    compared = 0
    for before in states:
        for move in moves(before, mesh, alike):
            step = step_between(before, move.after, mesh)
            assert step is not None
            dims = tuple(dim for dim in (step.dim, step.to_dim) if dim >= 0)
            assert (step.kind, step.axes, dims) == described(move), f"{before.text()} -> {move.after.text()}"
            compared += 1
    assert compared >= 3


def test_several_collectives_are_refused() -> None:
    mesh = MESHES[0]
    for source, target in (
        (Sharding((("x",), ("y",))), Sharding(((), ()))),
        (Sharding(((), ()), ("x",)), Sharding((("x", "y"), ()))),
        (Sharding(((), ()), ("x",)), Sharding((("x",), ()), ("y",))),
        (Sharding(((), ()), ("x",)), Sharding(((), ()), ("y",))),
        (Sharding((("x",), ())), Sharding((("y",), ()))),
    ):
        with pytest.raises(ValueError, match="is not one collective"):
            step_between(source, target, mesh)


def test_permutation_sends_once_and_keeps_what_it_has() -> None:
    mesh = MeshShape((("x", 2), ("y", 2), ("z", 2)))
    pairs = permutation(Sharding((("x",), ("y",))), Sharding((("y",), ("x",))), mesh)
    assert sorted(source for source, _ in pairs) == sorted(target for _, target in pairs) == list(range(8))
    assert [pair for pair in pairs if pair[0] == pair[1]] == [(0, 0), (1, 1), (6, 6), (7, 7)]


def test_axes_of_size_one_split_nothing() -> None:
    mesh = MeshShape((("x", 1), ("y", 2)))
    assert used_axes(Sharding((("x", "y"), ()), ("x",)), mesh) == Sharding((("y",), ()))
    assert step_between(used_axes(Sharding((("x",),)), mesh), Sharding(((),)), mesh) is None
