"""The parts of the intra-operator solver one by one: what a bound rules out, what is tried, what a mixture costs."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_solve_free import frustrated

from benchmarks.random_problems import random_sharding
from passes.solvers.program import Backend, Program, new_program
from passes.solvers.shardings import relax
from passes.solvers.shardings.ascent import Ascent, ascend
from passes.solvers.shardings.bound import Duals, dual_bound
from passes.solvers.shardings.core import Core, core_of
from passes.solvers.shardings.fixing import fix, surplus
from passes.solvers.shardings.prices import _mixture, _most_seconds
from passes.solvers.shardings.problem import Edge, Node, ShardingProblem
from passes.solvers.shardings.promising import _promising, also, columns, promising_parts
from passes.solvers.shardings.relax import solve_core
from passes.solvers.shardings.shrink import Graph
from passes.solvers.shardings.solve_inside import _PROPOSALS, Known, _Best, _wanted
from passes.solvers.shardings.tables import Tables

TICKS = 2.0**40
seeds = st.integers(0, 2**32 - 1)


def whole(seed: int, nodes: int, rows: int = 0) -> tuple[ShardingProblem, Graph, Core, tuple[int, ...]]:
    """A random problem that is not shrunk: core node k is node ``numbers[k]``."""
    problem = random_sharding(seed, nodes=nodes, rows=rows, ties=False, forbidden=0.0, density=1.0)
    graph = Graph(Tables(TICKS), problem, problem.rows)
    return problem, graph, *core_of(graph)


def random_duals(core: Core, seed: int) -> Duals:
    rng = np.random.default_rng(seed)
    messages = tuple((rng.normal(size=c.shape[0]) * TICKS, rng.normal(size=c.shape[1]) * TICKS) for *_, c in core.edges)
    return Duals(messages, rng.random(len(core.limits)) * TICKS)


def forced(core: Core, node: int, strategy: int) -> Core:
    """The core where ``node`` can take ``strategy`` only."""
    others = np.arange(len(core.costs[node])) != strategy
    costs = [np.where(others, np.inf, cost) if n == node else cost for n, cost in enumerate(core.costs)]
    edges: list[tuple[int, int, np.ndarray]] = []
    for a, b, cost in core.edges:
        table = np.where(others[:, None], np.inf, cost) if a == node else cost
        edges.append((a, b, np.where(others[None, :], np.inf, table) if b == node else table))
    return replace(core, costs=tuple(costs), edges=tuple(edges))


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(1, 5), st.integers(0, 2))
def test_a_surplus_is_the_rise_of_the_bound(seed: int, nodes: int, rows: int) -> None:
    _, _, core, _ = whole(seed, nodes, rows)
    duals = random_duals(core, seed)
    before = dual_bound(core, duals)
    for node, rises in enumerate(surplus(core, duals)):
        for strategy, rise in enumerate(rises):
            after = dual_bound(forced(core, node, strategy), duals)
            assert rise == pytest.approx(after - before, rel=1e-9, abs=TICKS * 1e-9)


def test_what_rises_too_much_is_taken_out() -> None:
    _, graph, _, numbers = whole(3, 5)
    counts = {node: len(graph.kept[node]) for node in numbers}
    rises = [np.arange(counts[node], dtype=np.float64) for node in numbers]
    assert fix(graph.copy(), numbers, rises, 9.0) == 0
    assert fix(graph, numbers, rises, 1.0) == sum(max(0, count - 2) for count in counts.values())
    assert {node: graph.kept[node].tolist() for node in numbers} == {n: list(range(min(2, counts[n]))) for n in numbers}


def test_equal_nodes_are_fixed_together() -> None:
    """What one of two equal nodes still needs, both keep: then their tables stay equal."""
    cost, table = np.array([1.0, 2.0, 3.0]), np.arange(9.0).reshape(3, 3)
    table = table + table.T
    problem = ShardingProblem((Node("a", cost), Node("b", cost)), (Edge(0, 1, table),))
    graph = Graph(Tables(TICKS), problem)
    rises = [np.array([0.0, 5.0, 5.0]), np.array([0.0, 0.0, 5.0])]
    assert fix(graph, (0, 1), rises, 1.0) == 2
    assert [graph.kept[node].tolist() for node in (0, 1)] == [[0, 1], [0, 1]]


def test_choices_add_what_they_take() -> None:
    problem, graph, _, numbers = whole(5, 4)
    nothing = tuple(frozenset[int]() for _ in numbers)
    last = [len(node.cost) - 1 for node in problem.nodes]
    first = [0] * len(last)
    assert also(graph, numbers, nothing, ()) == nothing
    assert also(graph, numbers, nothing, (last,)) == tuple(frozenset({last[node]}) for node in numbers)
    assert also(graph, numbers, nothing, (last, first)) == tuple(frozenset({0, last[node]}) for node in numbers)
    graph.restrict(numbers[0], np.array([len(problem.nodes[numbers[0]].cost) - 1]))
    assert also(graph, numbers, nothing, (last,))[0] == {0}, "positions among what is left"


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(2, 5), st.integers(0, 60))
def test_the_least_rises_are_kept_as_far_as_the_budget_goes(seed: int, nodes: int, budget: int) -> None:
    _, _, core, numbers = whole(seed, nodes)
    rises = surplus(core, random_duals(core, seed))
    wanted = tuple(frozenset({seed % len(cost)}) for cost in core.costs)

    def size(kept: Sequence[np.ndarray]) -> int:
        return sum(len(kept[a]) * len(kept[b]) for a, b, _ in core.edges if len(kept[a]) > 1 and len(kept[b]) > 1)

    kept = _promising(core, wanted, rises, budget)
    assert len(kept) == len(numbers)
    assert all(wanted[n] <= set(mine.tolist()) for n, mine in enumerate(kept))
    left = [set(range(len(rise))) - set(mine.tolist()) for rise, mine in zip(rises, kept, strict=True)]
    highest = max((rises[n][s] for n, mine in enumerate(kept) for s in set(mine.tolist()) - wanted[n]), default=-1.0)
    lowest = min((rises[n][s] for n, mine in enumerate(left) for s in mine), default=np.inf)
    assert highest < lowest
    assert size(kept) <= budget or highest == -1.0
    if np.isfinite(lowest):  # the next level would be too much
        more = [
            np.union1d(mine, np.flatnonzero(rise <= lowest)).astype(int) for mine, rise in zip(kept, rises, strict=True)
        ]
        assert size(more) > budget


def test_parts_grow_up_to_the_largest_program() -> None:
    graph = Graph(Tables(TICKS), frustrated(0))
    core, numbers = core_of(graph)
    assert columns(core) == 15 * 9
    rises = surplus(core, random_duals(core, 11))
    wanted = (tuple(frozenset({0}) for _ in numbers),)
    parts = promising_parts(graph, core, numbers, wanted, rises, 15 * 9)
    assert [columns(core_of(part)[0]) for part in parts] == [0, 15 * 9], "one choice; and all, which a budget holds"
    assert not parts[0].cost, "one choice shrinks away"
    assert len(promising_parts(graph, core, numbers, wanted, rises, 15 * 9 - 1)) == 1
    assert len(promising_parts(graph, core, numbers, (*wanted, *wanted), rises, 15 * 9)) == 2, "each of them once"
    assert columns(core_of(graph)[0]) == 15 * 9, "the graph stays as it is"


def test_what_is_best_is_among_what_is_tried() -> None:
    problem, graph, core, numbers = whole(7, 5)
    choices = [[k % len(node.cost) for node in problem.nodes] for k in range(4)]
    seen = tuple(frozenset({len(problem.nodes[n].cost) - 1}) for n in numbers)
    ascent: Ascent = replace(ascend(core, 5), seen=seen)
    best = _Best(choice=tuple(choices[3]))
    known = Known(proposals=tuple(tuple(choice) for choice in choices[:3]))
    tried = _wanted(graph, numbers, ascent, known, best)
    of = [choices[:1], choices[:2], choices[:3]]
    for wanted, proposals in zip(tried, [*of, choices[:3]], strict=True):
        for place, node in enumerate(numbers):
            taken = {choices[3][node], *(choice[node] for choice in proposals)}
            assert wanted[place] == taken | (seen[place] if wanted is tried[-1] else set())
    assert len(tried) == len(_PROPOSALS) + 1
    none = _wanted(graph, numbers, ascent, Known(), _Best())
    assert none[0] == tuple(frozenset[int]() for _ in numbers)
    assert none[-1] == seen


def test_only_what_is_better_is_kept() -> None:
    problem, graph, core, numbers = whole(13, 3)
    best = _Best(bound=0.0)
    order = sorted((core.objective(each), each) for each in ([s % len(c) for c in core.costs] for s in range(4)))
    for cost, choice in (order[1], order[2], order[0], order[3]):
        before = best.cost
        best.offer(graph, numbers, core, tuple(choice))
        assert best.cost == min(before, cost + graph.constant)
    assert best.choice is not None
    assert problem.objective(best.choice) * TICKS == pytest.approx(order[0][0], rel=1e-9)
    best.offer(graph, numbers, core, None)
    best.bound = best.cost * (1 - 1e-6)
    assert best.within(2e-6)
    assert not best.within(5e-7)
    assert (best.found("x").proved, best.found("x").method) == (False, "x")
    best.bound = best.cost
    assert best.found("x").proved


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e3])
def test_a_mixture_by_hand(scale: float) -> None:
    """1 s with 2 limits, 2 s with none, 9 s with none: half of the first two, and a limit more would save half a second."""
    points = [(1.0 * scale, np.array([2.0])), (2.0 * scale, np.array([0.0])), (9.0 * scale, np.array([0.0]))]
    found = _mixture(points, "highs")
    assert found is not None
    least_s, prices, shares = found
    assert least_s == pytest.approx(1.5 * scale, rel=1e-6)
    assert prices == pytest.approx([0.5 * scale], rel=1e-6)
    assert shares == pytest.approx([0.5, 0.5, 0.0], abs=1e-9)


@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_where_nothing_fits_a_limit_beyond_costs_ten_times_the_first(scale: float) -> None:
    found = _mixture([(scale, np.array([3.0, 0.0]))], "highs")
    assert found is not None
    assert found[0] == pytest.approx(scale + 2 * 10 * scale, rel=1e-6)
    assert found[1] == pytest.approx([10 * scale, 0.0], rel=1e-6)
    free = _mixture([(0.0, np.array([3.0])), (4 * scale, np.array([2.0]))], "highs")
    assert free is not None
    assert free[0] == pytest.approx(44 * scale, rel=1e-6), "the scale is the dearest's where the first costs nothing"
    nothing = _mixture([(0.0, np.array([3.0]))], "highs")
    assert nothing is not None
    assert nothing[0] == pytest.approx(20.0, rel=1e-6), "a second where all cost nothing"


def test_no_choice_costs_more_than_all_of_the_most() -> None:
    nodes = (Node("a", np.array([1.0, 3.0])), Node("b", np.array([2.0, np.inf])))
    problem = ShardingProblem(nodes, (Edge(0, 1, np.array([[5.0, 0.0], [np.inf, 1.0]])),))
    assert _most_seconds(problem) == 3.0 + 2.0 + 5.0


@pytest.mark.parametrize("status", ["ERROR", "OTHER", "UNBOUNDED", "INFEASIBLE", "INT_INFEASIBLE"])
def test_where_highs_fails_cbc_is_asked(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, core, _ = whole(7, 4)
    want = solve_core(core, "cbc", 10.0, None, 1.0)
    asked: list[Backend] = []

    def failing(backend: Backend) -> Program | SimpleNamespace:
        asked.append(backend)
        made = new_program(backend)
        if backend == "cbc":
            return made
        return SimpleNamespace(mip=made.mip, model=made.model, optimize=lambda **_: status)

    monkeypatch.setattr(relax, "new_program", failing)
    assert solve_core(core, "highs", 10.0, None, 1.0) == want
    assert asked[:2] == ["highs", "cbc"]
    if "INFEASIBLE" in status:  # not believed to the last, a search that may end early need not ask
        rough = solve_core(core, "highs", 10.0, None, 1.0, gap=1e-4)
        assert (rough.choice, rough.bound, rough.proved) == (None, np.inf, True)
