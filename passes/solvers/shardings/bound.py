"""A lower bound from any multipliers: whatever they are, no choice costs less. So a bound needs no trust in who made them.

    sum_n min_s (cost_n[s] + multipliers . use_n[s] + sum_e message_e,n[s])
  + sum_e min_{s, t} (cost_e[s, t] - message_e,a[s] - message_e,b[t]) - multipliers . limits

Source: weak duality of the local polytope relaxation (Werner, PAMI'07).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passes.solvers.shardings.core import Core
from passes.solvers.shardings.problem import Costs


@dataclass(frozen=True, slots=True)
class Duals:
    """``messages[e]``: what edge e moves to its ends a and b, per strategy. ``multipliers``: ticks per byte of each row, >= 0."""

    messages: tuple[tuple[Costs, Costs], ...]
    multipliers: NDArray[np.float64]


def dual_bound(core: Core, duals: Duals) -> float:
    """Ticks that no choice of the core inside the memory rows can be below."""
    costs = [cost.copy() for cost in core.costs]
    for node, use in core.uses.items():
        costs[node] += duals.multipliers @ use
    bound = -float(duals.multipliers @ core.limits) if len(core.limits) else 0.0
    for (a, b, cost), (to_a, to_b) in zip(core.edges, duals.messages, strict=True):
        costs[a] += to_a
        costs[b] += to_b
        bound += float((cost - to_a[:, None] - to_b[None, :]).min())
    return bound + sum(float(cost.min()) for cost in costs)
