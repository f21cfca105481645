"""Strategies that no best choice needs: whatever the neighbours do, another strategy of the node costs no more.

Source: the dead-end elimination criterion of Goldstein (Biophysical J., 1994), which for one neighbour is PBQP's dominance.
"""

from collections.abc import Sequence

import numpy as np

from passes.solvers.shardings.problem import Costs
from passes.solvers.shardings.tables import Indices, Tables


def undominated(tables: Tables, cost: int, edges: Sequence[int], uses: int | None) -> Indices | None:
    """Which strategies to keep (ascending), or None for all. ``uses``: bytes [row, strategy], which may not grow either.

    s goes if a t that stays has cost[s] - cost[t] + sum over edges of min_u (edge[s, u] - edge[t, u]) >= 0. Of strategies that
    are equal the first stays. One at a time, so that the reason to drop a strategy is always still there.
    """
    key = ("undominated", cost, tuple(sorted(edges)), uses)
    return tables.once(key, lambda: _undominated(tables, cost, edges, uses))


def _undominated(tables: Tables, cost: int, edges: Sequence[int], uses: int | None) -> Indices | None:
    own = tables[cost]
    with np.errstate(invalid="ignore"):  # inf - inf: a strategy that is forbidden anyway
        worse = np.where(np.isinf(own)[:, None], np.inf, own[:, None] - own[None, :])
    for edge in edges:
        worse = worse + tables.once(("worse", edge), lambda edge=edge: _least_difference(tables[edge]))
        if not (worse >= 0).any():
            return None
    if uses is not None:
        used = tables[uses]
        worse = np.where((used[:, None, :] <= used[:, :, None]).all(axis=0), worse, -np.inf)
    np.fill_diagonal(worse, -np.inf)
    better = worse >= 0
    if not better.any():
        return None
    stays = np.ones(len(own), dtype=np.bool_)
    for strategy in range(len(own) - 1, -1, -1):
        stays[strategy] = not (better[strategy] & stays).any()
    return np.flatnonzero(stays)


def _least_difference(edge: Costs) -> Costs:
    """[s, t]: the least edge[s, u] - edge[t, u] over u. A u that s forbids says nothing; one that only t forbids keeps s."""
    result = np.empty((edge.shape[0], edge.shape[0]))
    infinite = np.isinf(edge)
    if not infinite.any():
        for strategy, row in enumerate(edge):
            result[strategy] = (row - edge).min(axis=1)
        return result
    finite = np.where(infinite, 0.0, edge)
    for strategy in range(edge.shape[0]):
        difference = np.where(infinite, -np.inf, finite[strategy] - finite)
        difference[:, infinite[strategy]] = np.inf
        result[strategy] = difference.min(axis=1)
    return result
