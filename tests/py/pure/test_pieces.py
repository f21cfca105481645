"""Transfers: the pieces fill each target shard exactly once with the right elements, and replicas share the work."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.plan.pieces import ONE_DEVICE, box_slices, pieces, shard_boxes
from compiler.plan.records import Axis, Mesh, Sharding


@st.composite
def placements(draw: st.DrawFn, num_dims: int) -> tuple[Mesh, Sharding]:
    """A mesh of 1 to 12 devices and a sharding that uses each axis at most once."""
    sizes = draw(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=0, max_size=3).filter(lambda s: math.prod(s) <= 12))
    axes = tuple(Axis(name=f"a{i}", size=size) for i, size in enumerate(sizes))
    where = draw(st.lists(st.integers(-1, num_dims - 1), min_size=len(axes), max_size=len(axes)))
    order = draw(st.permutations(range(len(axes))))
    sharding = tuple(tuple(axes[i].name for i in order if where[i] == dim) for dim in range(num_dims))
    return Mesh(name="m", ranks=tuple(range(math.prod(sizes))), axes=axes), sharding


@st.composite
def moves(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[Mesh, Sharding], tuple[Mesh, Sharding]]:
    num_dims = draw(st.integers(0, 3))
    source, target = draw(placements(num_dims)), draw(placements(num_dims))
    shape: list[int] = []
    for dim in range(num_dims):
        parts = [math.prod(a.size for a in mesh.axes if a.name in s[dim]) for mesh, s in (source, target)]
        shape.append(math.lcm(*parts) * draw(st.integers(0, 2)))
    return tuple(shape), source, target


@given(moves())
def test_every_shard_is_filled_once_with_the_right_elements(
    move: tuple[tuple[int, ...], tuple[Mesh, Sharding], tuple[Mesh, Sharding]],
) -> None:
    shape, source, target = move
    whole = np.arange(math.prod(shape)).reshape(shape)
    held = [whole[box_slices(box)] for box in shard_boxes(shape, *source)]
    wanted = [whole[box_slices(box)] for box in shard_boxes(shape, *target)]
    got = [np.full(shard.shape, -1) for shard in wanted]
    for piece in pieces(shape, source, target):
        for side, slices in ((held[piece.source], piece.source_slices), (got[piece.target], piece.target_slices)):
            assert all(0 <= s.start < s.stop <= size for s, size in zip(slices, side.shape, strict=True))
        place = got[piece.target][piece.target_slices]
        assert place.shape == piece.shape
        assert (place == -1).all()  # not yet filled
        got[piece.target][piece.target_slices] = held[piece.source][piece.source_slices]
    for shard, want in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(shard, want)


@given(st.integers(1, 8), st.integers(1, 8))
def test_replicas_share_the_sending(givers: int, takers: int) -> None:
    source = Mesh(name="s", ranks=tuple(range(givers)), axes=(Axis(name="x", size=givers),))
    target = Mesh(name="t", ranks=tuple(range(takers)), axes=(Axis(name="y", size=takers),))
    found = pieces((4, 4), (source, ((), ())), (target, ((), ())))
    loads = [sum(piece.source == device for piece in found) for device in range(givers)]
    assert max(loads) - min(loads) <= 1


def test_axes_are_row_major_and_the_first_named_is_major() -> None:
    mesh = Mesh(name="m", ranks=(0, 1, 2, 3), axes=(Axis(name="x", size=2), Axis(name="y", size=2)))
    assert shard_boxes((8,), mesh, (("x", "y"),)) == [((0, 2),), ((2, 4),), ((4, 6),), ((6, 8),)]
    assert shard_boxes((8,), mesh, (("y", "x"),)) == [((0, 2),), ((4, 6),), ((2, 4),), ((6, 8),)]


def test_a_scalar_goes_from_one_device_to_each() -> None:
    mesh = Mesh(name="m", ranks=(0, 1), axes=(Axis(name="x", size=2),))
    assert [(p.source, p.target, p.shape) for p in pieces((), (mesh, ()), (mesh, ()))] == [(0, 0, ()), (1, 1, ())]
    assert len(pieces((), (mesh, ()), (ONE_DEVICE, ()))) == 1


def test_a_sharding_that_names_fewer_dims_leaves_the_rest_whole() -> None:
    """As of the one device that verification reads from."""
    mesh = Mesh(name="m", ranks=(0, 1), axes=(Axis(name="x", size=2),))
    assert shard_boxes((4, 6), mesh, (("x",),)) == [((0, 2), (0, 6)), ((2, 4), (0, 6))]
    assert shard_boxes((4, 6), ONE_DEVICE, ()) == [((0, 4), (0, 6))]
    assert [p.source for p in pieces((4, 6), (mesh, (("x",),)), (ONE_DEVICE, ()))] == [0, 1]
    assert ONE_DEVICE.ranks == (0,)


def test_the_one_that_has_given_fewest_elements_gives_next() -> None:
    """Rows 0 to 3 lie on devices 0 and 3. Two takers want 3 of them, two 1: the large ones are dealt out first, 3 + 1 each."""
    source = Mesh(name="s", ranks=tuple(range(6)), axes=(Axis(name="r", size=2), Axis(name="x", size=3)))
    target = Mesh(name="t", ranks=tuple(range(8)), axes=(Axis(name="r", size=2), Axis(name="y", size=4)))
    found = pieces((12,), (source, (("x",),)), (target, (("y",),)))
    first = [(p.source, p.target, p.shape) for p in found if p.source in (0, 3)]
    assert first == [(0, 0, (3,)), (0, 1, (1,)), (3, 4, (3,)), (3, 5, (1,))]


def test_an_uneven_split_is_refused() -> None:
    mesh = Mesh(name="m", ranks=(0, 1), axes=(Axis(name="x", size=2),))
    with pytest.raises(ValueError, match="dim 0 of"):
        shard_boxes((3,), mesh, (("x",),))
