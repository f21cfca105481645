"""The best choice of a graph without memory rows: exact elimination where the core is thin, else bounds, then a program.

thin enough -> eliminate: the optimum
else dual ascent -> strategies that the bound rules out go, shrink again, ask again
else python-mip on what is left, if that is small enough; else the best choice found and the bound
"""

from dataclasses import dataclass

import numpy as np

from passes.solvers.bound import dual_bound
from passes.solvers.core import Core, core_of
from passes.solvers.elimination import eliminate, plan_elimination
from passes.solvers.fixing import fix, surplus
from passes.solvers.improve import descend
from passes.solvers.messages import Messages
from passes.solvers.relax import solve_core
from passes.solvers.sharding_problem import Backend
from passes.solvers.shrink import Graph

CELLS = 2e9  # additions that elimination may take: about 4 s on one core of 2026
_ROUNDS = 4  # of bounding and shrinking
_SWEEPS = 15  # pairs of passes a round
_COLUMNS = 150_000  # of a linear program: some 10 s by CBC


@dataclass(frozen=True, slots=True)
class Found:
    """``choice`` of every node of the problem, the lower ``bound`` in ticks, how, whether it is optimal, and the core's size."""

    choice: tuple[int, ...] | None
    bound: float
    method: str
    proved: bool
    core_nodes: int
    core_edges: int


def solve_free(graph: Graph, backend: Backend, seconds: float) -> Found:
    """``graph`` is shrunk and used up. Raises NoFiniteChoice."""
    graph.shrink()
    size = (len(graph.cost), sum(map(len, graph.near.values())) // 2)
    if not graph.cost:
        return Found(graph.extend({}), graph.constant, "shrinking", True, *size)
    best, best_cost, bound = None, np.inf, -np.inf
    for turn in range(_ROUNDS + 1):
        plan = plan_elimination(graph, CELLS)
        if np.isfinite(plan.cells):
            choice, cost = eliminate(graph, plan)
            return Found(graph.extend(choice), cost + graph.constant, "elimination", True, *size)
        if turn == _ROUNDS:
            break
        core, numbers = core_of(graph)
        messages, mine, cost = ascend(core, _SWEEPS)
        if cost + graph.constant < best_cost:
            best, best_cost = graph.extend(dict(zip(numbers, mine, strict=True))), cost + graph.constant
        bound = max(bound, dual_bound(core, messages.duals()) + graph.constant)
        slack = (best_cost - bound) + 1e-9 * abs(best_cost)
        if not np.isfinite(slack) or not fix(graph, numbers, surplus(core, messages.duals()), slack):
            break
        graph.shrink()
    core, numbers = core_of(graph)
    if sum(cost.size for _, _, cost in core.edges) <= _COLUMNS:
        relaxed = solve_core(core, backend, seconds, None, best_cost - graph.constant)
        if relaxed.choice is not None:
            choice = graph.extend(dict(zip(numbers, relaxed.choice, strict=True)))
            return Found(choice, max(bound, relaxed.bound + graph.constant), relaxed.method, relaxed.proved, *size)
    return Found(best, bound, "dual bound", False, *size)


def ascend(core: Core, sweeps: int) -> tuple[Messages, list[int], float]:
    """Dual ascent, and the best choice seen on the way with its cost (infinity if none was finite)."""
    best = descend(core, [int(cost.argmin()) for cost in core.costs])
    cost = core.objective(best)
    messages = Messages(core, cost if np.isfinite(cost) else _ceiling(core))
    for _ in range(sweeps):
        messages.sweep(forward=True)
        messages.sweep(forward=False)
        mine = descend(core, messages.read_choice())
        if (now := core.objective(mine)) < cost:
            best, cost = mine, now
    return messages, best, cost


def _ceiling(core: Core) -> float:
    """More than any finite choice costs."""
    tables = (*core.costs, *(cost for _, _, cost in core.edges))
    return sum(float(np.abs(t[np.isfinite(t)]).max(initial=0.0)) for t in tables) + 1.0
