"""Certificates are tight where the answer is known: bounds met exactly, choices that nothing near improves.

A bound that is only asked to hold may be minus infinity; here each is compared with what it must be.
"""

from collections.abc import Sequence
from itertools import product
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.random_problems import least_seconds, random_sharding
from passes.solvers.shardings import fusion
from passes.solvers.shardings.ascent import ascend
from passes.solvers.shardings.bound import Duals, dual_bound
from passes.solvers.shardings.core import Core, core_of
from passes.solvers.shardings.fusion import fuse
from passes.solvers.shardings.improve import descend
from passes.solvers.shardings.prices import price_bytes
from passes.solvers.shardings.problem import Edge, MemoryRow, Node, ShardingProblem
from passes.solvers.shardings.shrink import Graph
from passes.solvers.shardings.solve import _Solve, solve_sharding
from passes.solvers.shardings.tables import Tables

TICKS = 2.0**40  # a second
seeds = st.integers(0, 2**32 - 1)


def unshrunk(problem: ShardingProblem) -> tuple[Core, tuple[int, ...], float]:
    """The whole problem as a core, the problem's node of each of its nodes, and what is paid outside."""
    graph = Graph(Tables(TICKS), problem, problem.rows)
    core, numbers = core_of(graph)
    return core, numbers, graph.constant


def free(problem: ShardingProblem) -> tuple[tuple[int, ...] | None, float]:
    found = solve_sharding(problem)
    return found.choice, found.certificate.bound_s


def cheapest_mixture(problem: ShardingProblem) -> float:
    """Least seconds of a mixture of choices inside the one memory row: the lower hull of all of them at the limit.

    No price on bytes can prove more, and the best one proves as much (Lagrange).
    """
    (row,) = problem.rows
    choices = list(product(*(range(len(node.cost)) for node in problem.nodes)))
    points = [(problem.used_bytes(choice)[0], problem.objective(choice)) for choice in choices]
    used, seconds = (np.array(each) for each in zip(*points, strict=True))
    inside, outside = used <= row.limit_bytes, used > row.limit_bytes
    best = float(seconds[inside].min(initial=np.inf))
    if outside.any() and inside.any():
        low, high = used[inside][:, None], used[outside]
        share = (row.limit_bytes - low) / (high - low)
        best = min(best, float(((1 - share) * seconds[inside][:, None] + share * seconds[outside]).min()))
    return best


# --- the bound of any multipliers


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(2, 6), st.integers(0, 2))
def test_what_an_edge_hands_over_is_neither_lost_nor_won(seed: int, nodes: int, rows: int) -> None:
    """The same amount moved along an edge for every strategy changes no bound."""
    problem = random_sharding(seed, nodes=nodes, rows=rows, ties=False, forbidden=0.0, density=1.0)
    core, _, _ = unshrunk(problem)
    rng = np.random.default_rng(seed)
    messages = tuple((rng.normal(size=c.shape[0]) * TICKS, rng.normal(size=c.shape[1]) * TICKS) for *_, c in core.edges)
    multipliers = rng.random(rows) * TICKS
    moved = tuple((a + rng.normal() * TICKS, b + rng.normal() * TICKS) for a, b in messages)
    before = dual_bound(core, Duals(messages, multipliers))
    assert dual_bound(core, Duals(moved, multipliers)) == pytest.approx(before, rel=1e-9, abs=1.0)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 5), st.integers(0, 2))
def test_the_bound_is_its_formula(seed: int, nodes: int, rows: int) -> None:
    """Each node by itself, each edge by itself, with the messages between them, written out one number at a time."""
    problem = random_sharding(seed, nodes=nodes, rows=rows, ties=False, forbidden=0.0, density=1.0)
    core, _, _ = unshrunk(problem)
    rng = np.random.default_rng(seed)
    messages = tuple((rng.normal(size=c.shape[0]) * TICKS, rng.normal(size=c.shape[1]) * TICKS) for *_, c in core.edges)
    prices = rng.random(rows) * TICKS
    want = -sum(price * limit for price, limit in zip(prices, core.limits, strict=True))
    for node, cost in enumerate(core.costs):
        totals: list[float] = []
        for s, seconds in enumerate(cost):
            paid = sum(prices[r] * core.uses[node][r, s] for r in range(rows)) if node in core.uses else 0.0
            got = sum(
                message[0 if a == node else 1][s]
                for (a, b, _), message in zip(core.edges, messages, strict=True)
                if node in (a, b)
            )
            totals.append(seconds + paid + got)
        want += min(totals)
    for (_, _, cost), (to_a, to_b) in zip(core.edges, messages, strict=True):
        want += min(cost[s, t] - to_a[s] - to_b[t] for s, t in np.ndindex(*cost.shape))
    assert dual_bound(core, Duals(messages, prices)) == pytest.approx(want, rel=1e-9, abs=1.0)


def tree(seed: int, nodes: int) -> ShardingProblem:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 5, nodes)
    edges = [Edge(p := int(rng.integers(n)), n, rng.random((sizes[p], sizes[n]))) for n in range(1, nodes)]
    return ShardingProblem(tuple(Node(f"n{n}", rng.random(size)) for n, size in enumerate(sizes)), tuple(edges))


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(2, 7))
def test_on_a_tree_the_ascent_meets_the_optimum(seed: int, nodes: int) -> None:
    """The relaxation of a tree has no gap, so sweeps must prove the best choice, and find it."""
    problem = tree(seed, nodes)
    core, numbers, constant = unshrunk(problem)
    ascent = ascend(core, 40, constant)
    best = least_seconds(problem) * TICKS
    assert ascent.bound + constant == pytest.approx(best, rel=1e-9)
    assert ascent.closed
    assert ascent.cost + constant == pytest.approx(best, rel=1e-9)
    assert ascent.choice is not None
    assert core.objective(ascent.choice) == ascent.cost
    assert len(numbers) == nodes


# --- prices on bytes


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 4), st.sampled_from([0.0, 0.5, 1.0]))
def test_one_row_is_priced_exactly(seed: int, nodes: int, density: float) -> None:
    problem = random_sharding(seed, nodes=nodes, rows=1, ties=False, forbidden=0.0, density=density)
    start, _ = free(ShardingProblem(problem.nodes, problem.edges))
    assert start is not None
    priced = price_bytes(problem, problem.rows, start, free)
    limit = problem.rows[0].limit_bytes
    if problem.used_bytes(start)[0] <= limit or limit < 1.0:  # a limit of less than a byte is one byte to prices
        return
    assert priced.bound_s == pytest.approx(cheapest_mixture(problem), rel=1e-4)


def two_strategies(costs: Sequence[float], *rows: Sequence[float]) -> ShardingProblem:
    """One node, limits of 1: what each of its strategies costs, and uses of each row."""
    return ShardingProblem(
        (Node("w", np.array(costs)),),
        (),
        tuple(MemoryRow(f"row{i}", 1.0, {0: np.array(use)}) for i, use in enumerate(rows)),
    )


def test_half_of_each_of_two_strategies_is_what_prices_prove() -> None:
    """1 s with 2 limits or 2 s with none: half of each fits, for 1.5 s."""
    problem = two_strategies([1.0, 2.0], [2.0, 0.0])
    asked: list[ShardingProblem] = []

    def counted(priced: ShardingProblem) -> tuple[tuple[int, ...] | None, float]:
        asked.append(priced)
        return free(priced)

    priced = price_bytes(problem, problem.rows, (0,), counted)
    assert len(asked) == 2, "at what the free choice costs, then where both cost the same: no price is asked for again"
    assert priced.bound_s == pytest.approx(1.5, rel=1e-9)
    assert priced.prices == pytest.approx([0.5])


def test_each_row_has_a_price_of_its_own() -> None:
    """Two weights, each in a row of its own, at other prices: one price for both proves 1 s of the 4.5 s."""
    nodes = (Node("a", np.array([0.0, 1.0])), Node("b", np.array([0.0, 8.0])))
    rows = (
        MemoryRow("first", 1.0, {0: np.array([2.0, 0.0])}),
        MemoryRow("second", 1.0, {1: np.array([2.0, 0.0])}),
    )
    problem = ShardingProblem(nodes, (), rows)
    priced = price_bytes(problem, rows, (0, 0), free)
    assert 4.5 * (1 - 4e-3) < priced.bound_s <= 4.5, "eight steps, each half the way to the best prices"
    assert priced.prices == pytest.approx([0.5, 4.0], rel=0.02)


def test_what_prices_prove_comes_to_the_solver_in_its_own_unit() -> None:
    problem = two_strategies([1.0, 2.0], [2.0, 0.0])
    solver = _Solve(problem, "highs", 60.0, ())
    solver.free = (0,)
    known = solver._priced((0,))
    ticks = solver.tables.ticks_per_second
    assert known.bound / ticks == pytest.approx(1.5, rel=1e-9)
    assert (known.choice, known.cost / ticks) == ((1,), 2.0)
    assert known.prices is not None
    assert known.prices / ticks == pytest.approx([0.5])


# --- choices


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 7), st.integers(0, 2), st.booleans())
def test_no_change_of_one_node_improves(seed: int, nodes: int, rows: int, ties: bool) -> None:
    problem = random_sharding(seed, nodes=nodes, rows=rows, ties=ties, forbidden=0.0, density=0.7)
    core, _, _ = unshrunk(problem)
    rng = np.random.default_rng(seed)
    first = [int(rng.integers(len(cost))) for cost in core.costs]
    found = descend(core, first)
    least, room = core.objective(found), np.maximum(core.limits, core.used(found))
    assert least <= core.objective(first)
    for node, cost in enumerate(core.costs):
        for strategy in range(len(cost)):
            other = [*found[:node], strategy, *found[node + 1 :]]
            if (core.used(other) <= room).all():
                assert core.objective(other) >= least * (1 - 1e-12)
    over = np.maximum(core.used(first), core.limits)
    assert (core.used(found) <= over).all(), "no row is broken more than it was"
    assert core.fits(found) or not core.fits(first)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(2, 5))
def test_a_mixture_is_the_best_of_what_was_seen(seed: int, nodes: int) -> None:
    problem = random_sharding(seed, nodes=nodes, rows=0, ties=False, forbidden=0.0, density=1.0)
    graph = Graph(Tables(TICKS), problem)
    _, numbers = core_of(graph)
    rng = np.random.default_rng(seed)
    seen = [
        frozenset(rng.choice(len(problem.nodes[n].cost), size=rng.integers(1, len(problem.nodes[n].cost) + 1)).tolist())
        for n in numbers
    ]
    choice, cost = fuse(graph, numbers, seen)
    of = dict(zip(numbers, seen, strict=True))
    best = min(problem.objective(each) for each in product(*(sorted(of[n]) for n in range(nodes))))
    assert choice is not None
    assert all(strategy in of[n] for n, strategy in enumerate(choice))
    rounded = nodes * (nodes + 1) / 4  # each cost of a node or an edge to half a tick
    assert cost == pytest.approx(best * TICKS, rel=1e-9, abs=rounded)
    assert problem.objective(choice) == pytest.approx(best, rel=1e-9)


def complete(nodes: int, strategies: int) -> ShardingProblem:
    """Every node beside every other, so that nothing is shrunk away."""
    rng = np.random.default_rng(0)
    return ShardingProblem(
        tuple(Node(f"n{n}", rng.random(strategies)) for n in range(nodes)),
        tuple(Edge(a, b, rng.random((strategies, strategies))) for a in range(nodes) for b in range(a + 1, nodes)),
    )


def test_a_mixture_that_takes_too_much_work_is_none() -> None:
    problem = complete(6, 4)
    graph = Graph(Tables(TICKS), problem)
    _, numbers = core_of(graph)
    every = [frozenset(range(4))] * len(numbers)
    assert np.isfinite(fuse(graph, numbers, every)[1])
    with mock.patch.object(fusion, "_THIN", 10.0):
        assert fuse(graph, numbers, every) == (None, np.inf)
