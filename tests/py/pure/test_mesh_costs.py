"""Seconds of collectives: the published formulas by hand, and what must hold of any of them."""

from dataclasses import replace
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialects.sharding import MeshShape
from passes.solvers.costs.mesh_costs import KINDS, AxisLink, Kind, MeshCosts

pytestmark = pytest.mark.pure


def costs_of(*axes: tuple[int, float, float]) -> MeshCosts:
    """Axes a, b, …, of (size, latency, bandwidth); a memory of 1 byte a second, 10 flops a second in f32."""
    mesh = MeshShape(tuple((name, size) for name, (size, _, _) in zip("abcd", axes, strict=False)))
    links = tuple(AxisLink(latency, bandwidth) for _, latency, bandwidth in axes)
    return MeshCosts(mesh, links, (("f32", 10.0), ("bf16", 40.0)), 1.0, 100.0)


@pytest.mark.parametrize(
    ("kind", "size", "expected"),
    [
        # alpha 1, beta 1/100, 800 bytes: 8 s for all of them
        ("all_gather", 4, 2 + 6),
        ("all_gather", 3, 2 + 8 * 2 / 3),
        ("reduce_scatter", 4, 2 + 6),
        ("reduce_scatter", 3, 2 + 8 * 2 / 3),
        ("all_reduce", 4, 4 + 12),
        ("all_reduce", 2, 1 + 8),
        ("all_to_all", 2, 1 + 4),
        ("all_to_all", 8, 7 + 7),
        ("collective_permute", 4, 1 + 8),
        ("all_slice", 4, 400),
        ("all_reduce", 1, 0),
    ],
)
def test_one_axis(kind: Kind, size: int, expected: float) -> None:
    assert costs_of((size, 1, 100)).collective_s(kind, ["a"], 800) == pytest.approx(expected)


def test_few_bytes_take_the_algorithm_with_few_messages() -> None:
    costs = costs_of((8, 1, 100))
    assert costs.collective_s("all_reduce", ["a"], 1) == pytest.approx(3 * (1 + 0.01))
    assert costs.collective_s("all_to_all", ["a"], 1) == pytest.approx(3 * (1 + 0.005))
    seven = costs_of((7, 1, 100))
    assert seven.collective_s("reduce_scatter", ["a"], 1) == pytest.approx(4 + 0.02)
    assert seven.collective_s("all_reduce", ["a"], 1) == pytest.approx(4 + 0.04)


def test_several_axes_use_the_slow_link_for_little() -> None:
    slow_and_fast = costs_of((2, 0, 1), (4, 0, 1000))
    # gathered over the slow axis first: a fourth of 800 bytes, half of it travels
    assert slow_and_fast.collective_s("all_gather", ["a", "b"], 800) == pytest.approx(100 + 0.6)
    assert slow_and_fast.collective_s("reduce_scatter", ["a", "b"], 800) == pytest.approx(100 + 0.6)
    assert slow_and_fast.collective_s("all_reduce", ["a", "b"], 800) == pytest.approx(2 * (100 + 0.6))
    # every byte of an all-to-all may have to go far: one axis after the other moves half and then three fourths of all
    assert slow_and_fast.collective_s("all_to_all", ["a", "b"], 800) == pytest.approx(400 + 0.6)
    assert slow_and_fast.collective_s("collective_permute", ["a", "b"], 800) == pytest.approx(800)


def test_equal_axes_cost_what_one_axis_of_their_product_costs() -> None:
    apart, together = costs_of((2, 1, 100), (4, 1, 100)), costs_of((8, 1, 100))
    for kind in KINDS:
        one, other = (costs.collective_s(kind, costs.mesh.names, 1e6) for costs in (apart, together))
        if kind == "all_reduce":
            assert one == other - 1, "the last axis is a pair, which swaps in one message"
        elif kind != "all_to_all":  # two exchanges, of a half and three fourths, are fewer messages and more bytes
            assert one == pytest.approx(other)


def test_devices_that_all_send_far_at_once_share_the_way() -> None:
    costs = costs_of((4, 1, 100))
    crowded = MeshCosts(costs.mesh, (AxisLink(1, 100, 10),), costs.flops_per_s, 1.0, 1.0)
    for kind in KINDS:
        slower = kind in ("all_to_all", "collective_permute")
        assert (crowded.collective_s(kind, ["a"], 1e4) > costs.collective_s(kind, ["a"], 1e4)) == slower


def test_a_library_that_knows_rings_only() -> None:
    costs = replace(costs_of((8, 1, 100)), rings_only=True)
    expected = {"all_gather": 7, "reduce_scatter": 7, "all_reduce": 14, "all_to_all": 7, "collective_permute": 1}
    for kind, messages in expected.items():
        assert costs.collective_s(cast(Kind, kind), ["a"], 0) == messages


def test_a_library_that_does_one_kind_badly() -> None:
    costs = replace(costs_of((2, 1, 100), (4, 1, 100)), slowdown=(("reduce_scatter", 3.0),))
    plain = costs_of((2, 1, 100), (4, 1, 100))
    for kind in KINDS:
        slow, fast = (one.collective_s(kind, ["a", "b"], 1e6) for one in (costs, plain))
        assert slow == pytest.approx(fast * (3 if kind == "reduce_scatter" else 1)), "an all-reduce keeps its speed"


def test_roofline() -> None:
    costs = costs_of((2, 1, 1))
    assert costs.compute_s(80, 2, "f32") == 8
    assert costs.compute_s(80, 2, "bf16") == 2
    assert costs.compute_s(80, 9, "f32") == 9
    assert costs.compute_s(80, 0, "i4") == 8, "an unlisted type runs as f32"


axis_strategy = st.tuples(st.integers(2, 9), st.floats(1e-7, 1e-3), st.floats(1e6, 1e12))


@given(st.lists(axis_strategy, min_size=1, max_size=3), st.floats(0, 1e10), st.sampled_from(KINDS))
def test_laws(axes: list[tuple[int, float, float]], num_bytes: float, kind: Kind) -> None:
    costs = costs_of(*axes)
    names = costs.mesh.names
    seconds = costs.collective_s(kind, names, num_bytes)
    assert seconds >= 0
    assert costs.collective_s(kind, names, 2 * num_bytes) >= seconds, "more bytes are never faster"
    scatter, gather, reduce = (
        costs.collective_s(one, names, num_bytes) for one in ("reduce_scatter", "all_gather", "all_reduce")
    )
    assert scatter <= reduce * (1 + 1e-9), "half of the work"
    assert reduce <= (scatter + gather) * (1 + 1e-9), "one way to do it"
    lines = costs.collective_lines(kind, names)
    assert lines == tuple(sorted(lines))
    assert all(b > d for (_, b), (_, d) in pairwise(lines)), "no line is useless at both ends"
