"""Where values of other meshes land: over a dear wire no element crosses twice, and what lands is gathered to what was wanted."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.plan.pieces import box_slices, pieces, shard_boxes
from compiler.plan.records import Axis, Mesh
from compiler.transfers.landing import Landing, Reader, choose_landing, refinements
from dialects.sharding import MeshShape, Sharding
from passes.solvers.costs.mesh_costs import AxisLink, MeshCosts
from passes.solvers.costs.reshard import Resharder, Step

WHOLE = Sharding(((), ()))


def costs(shape: MeshShape, latency_s: float = 1e-6, bandwidth: float = 1e9) -> MeshCosts:
    links = tuple(AxisLink(latency_s, bandwidth) for _ in shape.axes)
    return MeshCosts(shape, links, (("f32", 1e12),), 1e12, 1e12)


def plan_mesh(shape: MeshShape) -> Mesh:
    return Mesh("m", tuple(range(shape.num_devices)), tuple(Axis(name, size) for name, size in shape.axes))


def crossing(shape: tuple[int, ...], source: tuple[Mesh, Sharding], target: tuple[Mesh, Sharding]) -> int:
    """Elements that cross the wire."""
    return sum(piece.elements for piece in pieces(shape, (source[0], source[1].dims), (target[0], target[1].dims)))


def landing(
    shape: tuple[int, ...], source: tuple[Mesh, Sharding], mesh: MeshShape, wanted: Sharding,
    readers: Sequence[Reader], wire_s: float,
) -> tuple[Landing, Resharder]:  # fmt: skip
    """The choice with ``wire_s`` seconds an element on the wire."""
    resharder = Resharder(costs(mesh))

    def wire(lands: Sharding) -> float:
        return wire_s * crossing(shape, source, (plan_mesh(mesh), lands))

    def path(begin: Sharding, end: Sharding) -> tuple[Step, ...] | None:
        return () if begin == end else resharder.path(shape, 4.0, begin, end)

    return choose_landing(wanted, shape, mesh, readers, wire, path), resharder


@st.composite
def layouts(draw: st.DrawFn, rank: int) -> tuple[MeshShape, Sharding]:
    sizes = draw(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=2))
    mesh = MeshShape(tuple(zip("xy", sizes, strict=False)))
    where = [draw(st.integers(-1, rank - 1)) for _ in sizes]
    dims = tuple(tuple(n for n, at in zip(mesh.names, where, strict=True) if at == dim) for dim in range(rank))
    return mesh, Sharding(dims)


@st.composite
def moves(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[MeshShape, Sharding], tuple[MeshShape, Sharding]]:
    rank = draw(st.integers(1, 3))
    source, target = draw(layouts(rank)), draw(layouts(rank))
    shape = [
        math.lcm(*(mesh.size(sharding.dims[dim]) for mesh, sharding in (source, target))) * draw(st.integers(1, 6))
        for dim in range(rank)
    ]
    return tuple(shape), source, target


@settings(max_examples=150, deadline=None)
@given(moves())
def test_nothing_crosses_a_dear_wire_twice_and_all_lands_right(
    move: tuple[tuple[int, ...], tuple[MeshShape, Sharding], tuple[MeshShape, Sharding]],
) -> None:
    shape, (giver, given_as), (taker, wanted) = move
    source, mesh = (plan_mesh(giver), given_as), plan_mesh(taker)
    found, resharder = landing(shape, source, taker, wanted, [Reader(1.0, True, ())], wire_s=1.0)
    lands = found.sharding
    fewest = min(crossing(shape, source, (mesh, each)) for each in refinements(wanted, shape, taker))
    assert crossing(shape, source, (mesh, lands)) == fewest
    whole = np.arange(math.prod(shape)).reshape(shape)
    held = [whole[box_slices(box)] for box in shard_boxes(shape, source[0], given_as.dims)]
    boxes = shard_boxes(shape, mesh, lands.dims)
    shards = [np.full([stop - start for start, stop in box], -1) for box in boxes]
    for piece in pieces(shape, (source[0], given_as.dims), (mesh, lands.dims)):
        shards[piece.target][piece.target_slices] = held[piece.source][piece.source_slices]
    steps = resharder.path(shape, 4.0, lands, wanted) if lands != wanted else ()
    assert steps is not None
    assert all(step.kind == "all_gather" for step in steps)
    for step in steps:
        groups = {device: group for group in taker.groups(step.axes) for device in group}
        gathered = [[shards[member] for member in groups[device]] for device in range(taker.num_devices)]
        shards = [np.concatenate(parts, axis=step.dims[0]) for parts in gathered]
    for shard, box in zip(shards, shard_boxes(shape, mesh, wanted.dims), strict=True):
        np.testing.assert_array_equal(shard, whole[box_slices(box)])


FOUR = MeshShape((("x", 4),))
ROWS = Sharding((("x",), ()))
COLUMNS = Sharding(((), ("x",)))
SOURCE = plan_mesh(FOUR), ROWS


def chosen(shape: tuple[int, ...], readers: Sequence[Reader], wire_s: float = 1e-6) -> Sharding:
    return landing(shape, SOURCE, FOUR, WHOLE, readers, wire_s)[0].sharding


def test_over_a_cheap_wire_copies_are_sent() -> None:
    assert chosen((64, 64), [Reader(1.0, True, ())], wire_s=1e-12) == WHOLE


def test_every_reader_pays_for_its_own_gather() -> None:
    """Copies cost 3 * 4096 elements more on the wire than one; a gather is 2 us of latency and 12 us of bytes."""
    once, often = [Reader(1.0, True, ())], [Reader(10.0, True, ())]
    assert chosen((64, 64), once, wire_s=2e-9).dims != WHOLE.dims
    assert chosen((64, 64), often, wire_s=2e-9) == WHOLE


def test_what_the_reader_cuts_is_sent_cut() -> None:
    found, _ = landing((64, 64), SOURCE, FOUR, WHOLE, [Reader(1.0, False, (COLUMNS,))], 1e-6)
    assert found.sharding == COLUMNS
    assert found.seconds == pytest.approx(64 * 64 * 1e-6)
    assert found.direct_s > 4 * found.seconds * 0.99


def test_a_reader_that_gathers_anyway_cuts_its_gathered_copy() -> None:
    assert chosen((64, 64), [Reader(1.0, True, (COLUMNS,))]) in (ROWS, COLUMNS)


def test_where_nothing_divides_copies_are_sent() -> None:
    found, _ = landing((63, 65), (plan_mesh(FOUR), WHOLE), FOUR, WHOLE, [Reader(1.0, True, ())], 1.0)
    assert found == Landing(WHOLE, found.direct_s, found.direct_s)


def test_axes_of_one_device_split_nothing() -> None:
    mesh = MeshShape((("x", 1), ("y", 2)))
    assert list(refinements(Sharding((("y",),)), (8,), mesh)) == [Sharding((("y",),))]
