"""One of our problems as the arrays that Alpa's solver takes, without loss: what it calls s, c, r, L, m and M.

Times become microseconds and bytes MiB, so that the numbers suit the tolerances of CBC.
    forbidden strategies   are left out, so that a node has only what it may take; `kept` leads back
    forbidden pairs        cost `forbidden_s`, which must be above the optimum
    several edges a pair   are added: Alpa refuses a pair that comes twice
    memory rows            Alpa has one limit M, one size a strategy, and lists of the nodes that live at each moment. A node whose
                           bytes differ from row to row gets followers (Alpa's `s_follow`: the same variables) that cost nothing
Source: `_call_solver_serialized_args` in alpa/shard_parallel/auto_sharding.py, alpa 0.2.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passes.solvers.shardings.problem import Costs, ShardingProblem

MICROSECONDS = 1e6
MIB = 2.0**20


@dataclass(frozen=True)
class AlpaArrays:
    """`arguments`: the solver's parameters by name. `kept[n][s]`: our strategy for strategy s of node n there."""

    arguments: Mapping[str, NDArray[Any]]
    kept: tuple[NDArray[np.intp], ...]

    @property
    def num_columns(self) -> int:
        """How many 0-1 variables that is: Alpa has one for each strategy and one for each pair on an edge."""
        arguments = self.arguments
        free = arguments["s_len"][arguments["s_follow"] < 0]
        return int(free[free > 1].sum()) + arguments["r"].size

    def choice_of(self, choice: Sequence[int]) -> tuple[int, ...]:
        """Alpa's answer in the numbers of our strategies."""
        return tuple(int(kept[s]) for kept, s in zip(self.kept, choice, strict=False))


def alpa_arrays(problem: ShardingProblem, forbidden_s: float) -> AlpaArrays:
    """Translate `problem`; pairs of infinite cost become `forbidden_s` seconds."""
    kept = tuple(np.flatnonzero(np.isfinite(node.cost)) for node in problem.nodes)
    pairs: dict[tuple[int, int], Costs] = {}
    for edge in problem.edges:
        cost = edge.cost[np.ix_(kept[edge.a], kept[edge.b])]
        known = pairs.get((edge.a, edge.b))
        pairs[edge.a, edge.b] = cost if known is None else known + cost

    sizes: list[Costs | None] = [None] * len(problem.nodes)  # MiB of each strategy, as a share of the common limit
    follows = [-1] * len(problem.nodes)
    limit_mib = max((row.limit_bytes for row in problem.rows), default=0.0) / MIB
    live: list[list[int]] = []
    for row in problem.rows:
        live.append([])
        for node, use in row.bytes_of.items():
            share = use[kept[node]] / row.limit_bytes * limit_mib
            if share.any():
                live[-1].append(_with_size(node, share, sizes, follows))

    times = [node.cost[keep] * MICROSECONDS for node, keep in zip(problem.nodes, kept, strict=True)]
    lengths = [len(keep) for keep in kept] + [len(kept[node]) for node in follows if node >= 0]
    times += [np.zeros(length) for length in lengths[len(times) :]]
    live += [[] for _ in range(len(lengths) - len(live))]
    if len(live) != len(lengths):
        raise ValueError(f"got {len(live)} memory rows, want at most as many as nodes ({len(lengths)})")
    finite = [np.where(np.isfinite(cost), cost, forbidden_s).ravel() * MICROSECONDS for cost in pairs.values()]
    c = np.concatenate(times)
    arguments = {
        "N": np.array(len(lengths)),
        "M": np.array(limit_mib if problem.rows else -1.0),
        "s_len": np.array(lengths),
        "s_follow": np.array(follows),
        "E": np.array(list(pairs), dtype=np.int64).ravel(),
        "A": np.zeros(0, dtype=np.int64),
        "L": np.array([*map(len, live), *(node for nodes in live for node in nodes)], dtype=np.int64),
        "c": c,
        "d": np.zeros_like(c),
        "m": np.concatenate([np.zeros(n) if size is None else size for size, n in zip(sizes, lengths, strict=True)]),
        "r": np.concatenate(finite) if finite else np.zeros(0),
        "v": np.zeros(0),
    }
    return AlpaArrays(arguments, kept)


def _with_size(node: int, size: Costs, sizes: list[Costs | None], follows: list[int]) -> int:
    """The node, or a follower of it, whose strategies have these sizes; makes one if there is none."""
    if sizes[node] is None:
        sizes[node] = size
    mine = [node, *(i for i, leader in enumerate(follows) if leader == node)]
    for other in mine:
        known = sizes[other]
        if known is not None and np.array_equal(known, size):
            return other
    sizes.append(size)
    follows.append(node)
    return len(sizes) - 1
