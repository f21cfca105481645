"""A choice made better by changing one node at a time, inside the memory rows (iterated conditional modes)."""

from collections.abc import Sequence

import numpy as np

from passes.solvers.shardings.core import Core

_SWEEPS = 30  # each strictly improves; in practice three or four do


def descend(core: Core, choice: Sequence[int]) -> list[int]:
    """A choice that no change of one node improves. A choice outside the rows stays outside only where it must."""
    now = list(choice)
    used = core.used(now)
    waiting = set(range(len(now)))
    for _ in range(_SWEEPS):
        if not waiting:
            break
        todo, waiting = sorted(waiting), set[int]()
        for node in todo:
            cost = core.costs[node]
            for other, table in core.near[node]:
                cost = cost + table[:, now[other]]
            if node in core.uses:
                use = core.uses[node]
                after = used[:, None] - use[:, now[node], None] + use
                allowed = (after <= np.maximum(core.limits, used)[:, None]).all(axis=0)
                cost = np.where(allowed, cost, np.inf)
            best = int(cost.argmin())
            if cost[best] < cost[now[node]]:
                if node in core.uses:
                    used = used + core.uses[node][:, best] - core.uses[node][:, now[node]]
                now[node] = best
                waiting.update(other for other, _ in core.near[node])
    return now
