"""The arrays that Alpa's solver takes say the same as our problem: every choice has the same cost, and fits or not alike."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.peers.alpa_arrays import MICROSECONDS, alpa_arrays
from passes.solvers.shardings.problem import Edge, MemoryRow, Node, ShardingProblem

pytestmark = pytest.mark.pure
FORBIDDEN_S = 1e3
LIMITS = (8.0, 13.0)


@st.composite
def problems(draw):
    """Up to 4 nodes of up to 3 strategies, forbidden strategies and pairs, pairs with two edges, bytes that differ by row."""
    seconds = st.sampled_from([0.0, 1.0, 2.5, np.inf])
    lengths = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))

    def table(shape, values):
        size = int(np.prod(shape))
        return np.array(draw(st.lists(values, min_size=size, max_size=size))).reshape(shape)

    costs = [table(length, seconds) for length in lengths]
    for cost in costs:
        cost[0] = min(cost[0], 4.0)  # one strategy is always possible
    pairs = list(itertools.combinations(range(len(lengths)), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=5))
    edges = [Edge(a, b, table((lengths[a], lengths[b]), seconds)) for a, b in chosen]
    bytes_of = st.integers(0, 6).map(float)
    rows = [
        MemoryRow(f"row {limit}", limit, {n: table(length, bytes_of) for n, length in enumerate(lengths)})
        for limit in LIMITS[: draw(st.integers(0, 2))]
    ]
    return ShardingProblem(tuple(Node(f"n{i}", cost) for i, cost in enumerate(costs)), tuple(edges), tuple(rows))


def in_parts(flat, sizes):
    return np.split(flat, np.cumsum(sizes)[:-1])


def evaluate(arguments, choice):
    """Objective and the largest use of memory of a choice of the nodes that follow nobody, read as the peer's code reads it."""
    lengths, follow = arguments["s_len"], arguments["s_follow"]
    full = [choice[leader] if leader >= 0 else choice[i] for i, leader in enumerate(np.where(follow >= 0, follow, -1))]
    costs, sizes = in_parts(arguments["c"] + arguments["d"], lengths), in_parts(arguments["m"], lengths)
    pairs = arguments["E"].reshape(-1, 2)
    tables = in_parts(arguments["r"], [lengths[a] * lengths[b] for a, b in pairs]) if len(pairs) else []
    total = sum(cost[s] for cost, s in zip(costs, full, strict=True))
    total += sum(table[full[a] * lengths[b] + full[b]] for (a, b), table in zip(pairs, tables, strict=True))
    number = int(arguments["N"])
    moments = in_parts(arguments["L"][number:], arguments["L"][:number])
    return total, max(sum(sizes[i][full[i]] for i in moment) for moment in moments)


@given(problems())
def test_same_costs_and_same_limits(problem):
    arrays = alpa_arrays(problem, FORBIDDEN_S)
    arguments = arrays.arguments
    pairs = [tuple(pair) for pair in arguments["E"].reshape(-1, 2)]
    assert len(set(pairs)) == len(pairs)
    for theirs in itertools.product(*(range(len(kept)) for kept in arrays.kept)):
        ours = arrays.choice_of(theirs)
        objective, peak = evaluate(arguments, theirs)
        if np.isfinite(problem.objective(ours)):
            assert objective == pytest.approx(problem.objective(ours) * MICROSECONDS)
        else:
            assert objective >= FORBIDDEN_S * MICROSECONDS
        if problem.rows:
            fits = all(use <= row.limit_bytes for use, row in zip(problem.used_bytes(ours), problem.rows, strict=True))
            assert (peak <= float(arguments["M"]) * (1 + 1e-12)) == fits
    forbidden = [n for n, node in enumerate(problem.nodes) if not np.isfinite(node.cost).all()]
    assert all(len(arrays.kept[n]) < len(problem.nodes[n].cost) for n in forbidden)


def test_more_rows_than_nodes_is_refused():
    rows = tuple(MemoryRow(str(i), 1.0, {}) for i in range(2))
    with pytest.raises(ValueError, match="got 2 memory rows, want at most as many as nodes"):
        alpa_arrays(ShardingProblem((Node("n", np.zeros(2)),), (), rows), FORBIDDEN_S)
