"""The placement LP against brute force, its explanations, its silence, and its speed at the sizes of real programs."""

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.random_problems import allowed, least_bytes
from passes.solvers.placement.bounds import Infeasible
from passes.solvers.placement.placement import Edge, Placement, PlacementProblem, place


@st.composite
def problems(draw: st.DrawFn) -> PlacementProblem:
    num_nodes, num_stages = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    node = st.integers(0, num_nodes - 1)
    size = st.sampled_from([0.0, 1.0, 4.0, 7.0, 1e3, 1e8])
    edge = st.builds(Edge, node, node, size, st.sampled_from(["forward", "backward", "free"]), st.integers(0, 1))
    return PlacementProblem(
        num_stages,
        num_nodes,
        draw(st.dictionaries(node, st.integers(0, num_stages - 1), max_size=3)),
        draw(st.lists(edge, max_size=10)),
        draw(st.lists(st.lists(node, max_size=3), max_size=2)),
    )


@settings(max_examples=200, deadline=None)
@given(problems())
def test_equals_brute_force(problem: PlacementProblem) -> None:
    best, found = least_bytes(problem), place(problem)
    if best is None:
        assert isinstance(found, Infeasible)
        check_blame(problem, found)
        return
    assert isinstance(found, Placement)
    assert allowed(problem, found.stages)
    assert found.cost_bytes == pytest.approx(best)
    assert found.integral
    assert place(problem) == found, "the same problem gives the same placement"


def check_blame(problem: PlacementProblem, found: Infeasible) -> None:
    """Every link of the chain is a constraint of the problem, and its ends are fixed the wrong way round."""
    assert problem.fixed[found.path[0]] == found.first_stage > found.last_stage == problem.fixed[found.path[-1]]
    for before, after, kind in zip(found.path, found.path[1:], found.kinds, strict=False):
        if kind == "tie":
            assert any(before in tie and after in tie for tie in problem.ties)
        else:
            pair = (before, after) if kind == "forward" else (after, before)
            assert any((e.source, e.target, e.kind) == (*pair, kind) for e in problem.edges)


def test_a_gradient_meets_its_parameter() -> None:
    """Parameter 0 feeds forward ops 1 and 2; the gradient 5 of op 1's use is tied to it; op 2 is in the last stage."""
    edges = [
        Edge(0, 1, 100, "forward"),
        Edge(1, 2, 10, "forward"),
        Edge(2, 3, 10, "backward"),
        Edge(3, 4, 10, "backward"),
        Edge(4, 5, 100, "backward"),
    ]
    found = place(PlacementProblem(2, 6, {1: 0, 2: 1}, edges, [(0, 5)]))
    assert isinstance(found, Placement)
    assert (found.stages[0], found.stages[5]) == (0, 0)
    assert found.cost_bytes == 20


def test_a_value_with_many_readers_pays_for_the_farthest() -> None:
    edges = [Edge(0, 1, 10, "free"), Edge(0, 2, 10, "free"), Edge(0, 3, 10, "free", value=1)]
    found = place(PlacementProblem(4, 4, {0: 1, 1: 3, 2: 0, 3: 2}, edges))
    assert isinstance(found, Placement)
    assert found.cost_bytes == 30 + 10


def test_a_contradiction_names_its_chain() -> None:
    edges = [Edge(0, 1, 1, "forward"), Edge(3, 2, 1, "backward")]
    found = place(PlacementProblem(3, 4, {0: 2, 3: 0}, edges, [(1, 2)]))
    assert str(found) == (
        "node 0 is fixed to stage 2, node 3 to 0, but order wants them the other way: "
        "0 -forward-> 1 -tie-> 2 -backward-> 3"
    )


@pytest.mark.parametrize(
    "problem",
    [
        PlacementProblem(2, 1, {0: 2}, []),
        PlacementProblem(2, 1, {1: 0}, []),
        PlacementProblem(2, 2, {}, [Edge(0, 2, 1)]),
        PlacementProblem(2, 2, {}, [Edge(0, 1, -1)]),
    ],
)
def test_bad_problems_are_refused(problem: PlacementProblem) -> None:
    with pytest.raises(ValueError, match=r"node|stage|bytes"):
        place(problem)


def transformer(num_layers: int, ops: int, num_stages: int) -> PlacementProblem:
    """Forward chains with parameters, their backward chains reading activations, updates tied to the parameters."""
    edges: list[Edge] = []
    ties: list[tuple[int, ...]] = []
    fixed: dict[int, int] = {}
    count = itertools.count()
    forward: list[tuple[int, int]] = []  # (op, parameter)
    for layer in range(num_layers):
        for _ in range(ops):
            parameter, op = next(count), next(count)
            fixed[op] = layer * num_stages // num_layers
            edges.append(Edge(parameter, op, 1e6, "forward"))
            if forward:
                edges.append(Edge(forward[-1][0], op, 1e4, "forward"))
            if len(forward) > 7:
                edges.append(Edge(forward[-7][0], op, 1e4, "forward"))
            forward.append((op, parameter))
    above = forward[-1][0]
    for op, parameter in reversed(forward):
        backward, gradient, update = next(count), next(count), next(count)
        edges.append(Edge(above, backward, 1e4, "backward" if above != forward[-1][0] else "free"))
        edges.append(Edge(op, backward, 1e4, "free"))
        edges.append(Edge(parameter, backward, 1e6, "free"))
        edges += [Edge(backward, gradient, 1e6, "backward", value=1), Edge(gradient, update, 1e6, "free")]
        ties.append((parameter, update))
        above = backward
    return PlacementProblem(num_stages, next(count), fixed, edges, ties)


def test_twenty_thousand_nodes_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    problem = transformer(num_layers=80, ops=50, num_stages=8)
    start = time.process_time()
    found = place(problem)
    assert time.process_time() - start < 30, "two seconds on an idle core"
    assert isinstance(found, Placement)
    assert found.integral
    assert problem.num_nodes == 20_000
    assert found.cost_bytes == 7 * (7 + 1) * 1e4, "at each cut seven forward values and one gradient, once each"
    assert capfd.readouterr() == ("", "")
