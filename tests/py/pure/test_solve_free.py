"""The way of problems without memory rows past elimination: bounds, promising parts, fixing, a program on what is left."""

from unittest import mock

import numpy as np
import pytest

from benchmarks.random_problems import least_seconds, random_sharding
from passes.solvers.shardings import solve_free as module
from passes.solvers.shardings.problem import Edge, Node, ShardingProblem
from passes.solvers.shardings.shrink import Graph
from passes.solvers.shardings.solve_free import Found, solve_free
from passes.solvers.shardings.tables import Tables

TICKS = 2.0**40  # a second


def found(problem: ShardingProblem, columns: int = module.COLUMNS, seconds: float = 60.0, **others: float) -> Found:
    """Solved as if elimination always took too long, and whatever else is said."""
    with mock.patch.multiple(module, **{"_THIN": 0.0, "_THICK": 0.0, **others}):
        return solve_free(Graph(Tables(TICKS), problem), "highs", seconds, columns)


def frustrated(seed: int, nodes: int = 6, strategies: int = 3) -> ShardingProblem:
    """Every node beside every other at random costs: messages leave a gap."""
    rng = np.random.default_rng(seed)
    edges = [Edge(a, b, rng.random((strategies, strategies))) for b in range(nodes) for a in range(b)]
    return ShardingProblem(tuple(Node(f"n{n}", rng.random(strategies) / 8) for n in range(nodes)), tuple(edges))


def check(problem: ShardingProblem, got: Found, *, proved: bool) -> float:
    """The choice is real, the bound holds, a proof is one. -> how much dearer than the best it is, relative."""
    best = least_seconds(problem)
    assert got.choice is not None
    seconds = problem.objective(got.choice)
    assert got.bound / TICKS <= best * (1 + 1e-9)
    assert seconds >= best * (1 - 1e-9)
    assert got.proved is proved
    if proved:
        assert seconds == pytest.approx(best, rel=1e-9)
        assert got.bound / TICKS == pytest.approx(best, rel=1e-6)
    return seconds / best - 1


@pytest.mark.parametrize("seed", range(4))
def test_a_program_on_what_is_left_is_exact(seed: int) -> None:
    problem = frustrated(seed)
    got = found(problem)
    check(problem, got, proved=True)
    assert got.method in ("dual bound", "lp", "branch and bound")
    assert (got.core_nodes, got.core_edges) == (6, 15)


@pytest.mark.parametrize("seed", range(4))
def test_promising_parts_find_the_best_choice(seed: int) -> None:
    """With no search on all that is left: the choice is that of a program on some strategies, and the bound is of the duals."""
    problem = frustrated(seed)
    with mock.patch.object(module, "columns_of", return_value=10**9):
        got = found(problem, columns=1, _ROUNDS=1)
    assert check(problem, got, proved=got.proved) <= 1e-9
    assert got.method == "dual bound"


@pytest.mark.parametrize("seed", range(4))
def test_without_programs_the_gap_is_honest(seed: int) -> None:
    problem = frustrated(seed)
    got = found(problem, columns=0)
    assert check(problem, got, proved=got.proved) <= 0.1
    assert got.method == "dual bound"
    assert got.bound / TICKS >= least_seconds(problem) / 2


def test_no_time_is_one_round() -> None:
    problem = frustrated(0)
    got = found(problem, columns=0, seconds=0.0)
    check(problem, got, proved=got.proved)


def test_a_second_round_eliminates_what_the_first_could_not() -> None:
    """Fixing leaves less, which a longer elimination than the first is let do."""
    problem = frustrated(1)
    got = found(problem, columns=0, _THICK=1e9)
    check(problem, got, proved=True)
    assert got.method in ("elimination", "dual bound")


def test_a_graph_that_shrinks_away_needs_nothing() -> None:
    problem = random_sharding(0, nodes=4, rows=0, ties=False, forbidden=0.0, density=0.0)
    got = solve_free(Graph(Tables(TICKS), problem), "highs", 10.0)
    assert (got.method, got.core_nodes, got.core_edges) == ("shrinking", 0, 0)
    check(problem, got, proved=True)
