"""Reshards: the laws of shortest paths over legal moves, by hypothesis, and the textbook sequences by hand."""

from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialects.sharding import MeshShape, Sharding, replicated
from passes.solvers.costs.mesh_costs import AxisLink, MeshCosts
from passes.solvers.costs.reshard import Resharder, Step

SIZES = ((2, 4), (2, 2, 2), (3, 2), (4,))


def costs_of(sizes: tuple[int, ...], links: tuple[AxisLink, ...] | None = None) -> MeshCosts:
    mesh = MeshShape(tuple(zip("xyz", sizes, strict=False)))
    links = links or tuple(AxisLink(1e-6 * (3 - index), 1e9 * (index + 1)) for index in range(len(sizes)))
    return MeshCosts(mesh, links, (("f32", 1e12),), 1e11, 1e9)


RESHARDERS = {sizes: Resharder(costs_of(sizes)) for sizes in SIZES}


def of(text: str, unreduced: str = "") -> Sharding:
    """``of("xy,,z", "w")``: dims by commas, one letter an axis."""
    return Sharding(tuple(tuple(dim) for dim in text.split(",")), tuple(unreduced))


def kinds(steps: tuple[Step, ...] | None) -> list[str]:
    assert steps is not None
    return [step.kind for step in steps]


def path(
    before: Sharding, after: Sharding, shape: tuple[int, ...] = (1024, 1024), mesh: tuple[int, ...] = (2, 4)
) -> list[str]:
    return kinds(RESHARDERS[mesh].path(shape, 4, before, after))


def test_one_step() -> None:
    assert path(of("x,"), of(",")) == ["all_gather"]
    assert path(of(","), of(",xy")) == ["all_slice"]
    assert path(of("x,y"), of("xy,")) == ["all_to_all"]
    assert path(of("xy,"), of(",xy")) == ["all_to_all"]
    assert path(of(",", "xy"), of(",")) == ["all_reduce"]
    assert path(of("x,", "y"), of("x,y")) == ["reduce_scatter"]
    assert path(of("xy,"), of("yx,")) == ["collective_permute"]
    assert path(of("x,y"), of("x,y")) == []


def test_several_steps() -> None:
    assert path(of("xy,"), of("y,")) == ["collective_permute", "all_gather"]
    assert path(of("x,"), of(",y")) == ["all_slice", "all_gather"], "sliced first: a fourth of the bytes is gathered"
    assert path(of(",", "xy"), of("x,")) == ["reduce_scatter", "all_gather"], "x and y at once, y gathered"


def test_bytes_decide() -> None:
    resharder = Resharder(costs_of((2, 4), (AxisLink(1e-5, 1e9),) * 2))
    few, many = (resharder.path((size, size), 4, of("x,"), of("y,")) for size in (8, 4096))
    assert kinds(few) == ["all_gather", "all_slice"], "one message, of everything"
    assert kinds(many) == ["all_slice", "collective_permute", "all_gather"], "two messages, of an eighth and a fourth"


def test_of_equals_the_one_with_fewer_axes() -> None:
    steps = Resharder(costs_of((2, 2, 2), (AxisLink(1e-5, 1e9),) * 3)).path((64, 64), 4, of("xy,"), of("y,"))
    assert steps is not None
    assert [(step.kind, step.axes) for step in steps] == [("collective_permute", ("x", "y")), ("all_gather", ("x",))]


def test_what_a_step_says() -> None:
    steps = RESHARDERS[2, 4].path((8, 16), 2, of("x,", "y"), of(","))
    assert steps is not None
    assert [(step.kind, step.axes, step.dims, step.num_bytes) for step in steps] == [
        ("all_reduce", ("y",), (), 128.0),
        ("all_gather", ("x",), (0,), 256.0),
    ]
    costs = costs_of((2, 4))
    assert [step.seconds for step in steps] == pytest.approx(
        [costs.collective_s(step.kind, step.axes, step.num_bytes) for step in steps], abs=2e-9
    )


def test_what_cannot_be() -> None:
    resharder = RESHARDERS[2, 4]
    assert resharder.path((1024, 1024), 4, of(","), of(",", "x")) is None, "a sum does not come undone"
    assert resharder.path((6, 6), 4, of(","), of("y,")) is None, "6 does not divide by 4"
    assert kinds(resharder.path((6, 6), 4, of("x,"), of(",x"))) == ["all_to_all"]
    costs = resharder.matrix((6, 6), 4, [of(","), of("y,")], [of("x,"), of("y,")])
    assert np.isfinite(costs).tolist() == [[True, False], [False, False]]


def test_states() -> None:
    states = RESHARDERS[2, 4].states(2)
    assert states[0] == replicated(2)
    assert len(states) == len(set(states)) == 16
    assert of("xy,") in states
    assert of("yx,") not in states
    assert of("", "") in RESHARDERS[4,].states(1)
    assert RESHARDERS[4,].states(0) == (Sharding(()), Sharding((), ("x",)))


@st.composite
def tasks(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], list[Sharding], int]:
    sizes = draw(st.sampled_from(SIZES))
    shape = tuple(draw(st.lists(st.sampled_from((1, 2, 6, 8, 24, 64)), min_size=0, max_size=3)))
    states = RESHARDERS[sizes].states(len(shape))
    return sizes, shape, [draw(st.sampled_from(states)) for _ in range(3)], draw(st.sampled_from((1, 2, 4, 8)))


@settings(max_examples=300)
@given(tasks())
def test_laws(task: tuple[tuple[int, ...], tuple[int, ...], list[Sharding], int]) -> None:
    sizes, shape, chosen, element_bytes = task
    resharder, mesh = RESHARDERS[sizes], costs_of(sizes).mesh
    cost = resharder.matrix(shape, element_bytes, chosen, chosen)
    a, b, c = range(3)
    assert cost[a, c] <= (cost[a, b] + cost[b, c]) * (1 + 1e-12), "a detour is never faster"
    legal = [mesh.allows(shape, sharding) for sharding in chosen]
    possible = legal[a] and legal[b] and set(chosen[b].unreduced) <= set(chosen[a].unreduced)
    assert np.isfinite(cost[a, b]) == possible
    steps = resharder.path(shape, element_bytes, chosen[a], chosen[b])
    if not possible:
        assert steps is None
        return
    assert steps is not None
    assert sum(step.seconds for step in steps) == pytest.approx(cost[a, b], rel=1e-12)
    assert (steps[-1].after if steps else chosen[a]) == chosen[b]
    before = chosen[a]
    for step in steps:
        assert mesh.allows(shape, step.after)
        larger = step.after if step.kind == "all_gather" else before
        assert step.num_bytes == element_bytes * prod(mesh.local_shape(shape, larger))
        before = step.after


def test_what_is_known_of_other_tensors_does_not_matter() -> None:
    first, second = Resharder(costs_of((2, 4))), Resharder(costs_of((2, 4)))
    first.matrix((6, 6), 4, [of(",")], [of("x,")])
    for shape in ((36, 1), (4, 9), (6, 6)):
        states = first.states(2)
        assert np.array_equal(first.matrix(shape, 4, states, states), second.matrix(shape, 4, states, states))
