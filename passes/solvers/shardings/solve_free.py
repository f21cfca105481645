"""The best choice of a graph without memory rows: exact elimination where the core is thin, else bounds, then a program.

thin -> eliminate: the optimum
else dual ascent: often the bound meets a choice, which then is the optimum
else strategies that the bound rules out go, shrink, ask again whether it is thin now
else python-mip on the strategies that the bound says matter most: a better choice, with which more is ruled out
else python-mip on what is left, if that is small enough; else the best choice found and the bound
"""

import time
from dataclasses import dataclass

import numpy as np

from passes.solvers.program import Backend
from passes.solvers.shardings.ascent import CLOSED, ascend
from passes.solvers.shardings.core import core_of
from passes.solvers.shardings.elimination import eliminate, plan_elimination
from passes.solvers.shardings.fixing import fix, surplus
from passes.solvers.shardings.fusion import fuse
from passes.solvers.shardings.promising import also, promising_parts
from passes.solvers.shardings.promising import columns as columns_of
from passes.solvers.shardings.relax import solve_core
from passes.solvers.shardings.shrink import Graph

_THIN = 5e7  # additions that elimination may take at once: about 0.1 s
_THICK = 2e9  # … where dual ascent left a gap: about 4 s
_CELLS_A_SWEEP = (
    40.0  # additions in the time of a pair of passes, for each column; a quarter of elimination's time goes to trying
)
_ROUNDS = 3  # of bounding and shrinking
_SWEEPS = 150  # pairs of passes a round; GPT-39B (18 thousand nodes) closes in 60
COLUMNS = 150_000  # of a linear program with all that is left: a few seconds by HiGHS
_PART = 50_000  # of one on promising strategies
_ENOUGH = 1e-4  # relative: where no more of those are tried
_BRANCHES = 100  # in one of those


@dataclass(frozen=True, slots=True)
class Found:
    """``choice`` of every node of the problem, the lower ``bound`` in ticks, how, whether it is optimal, and the core's size."""

    choice: tuple[int, ...] | None
    bound: float
    method: str
    proved: bool
    core_nodes: int
    core_edges: int


def solve_free(graph: Graph, backend: Backend, seconds: float, columns: int = COLUMNS) -> Found:
    """``graph`` is shrunk and used up. ``columns``: of the largest program to try. Raises NoFiniteChoice."""
    graph.shrink()
    size = (len(graph.cost), sum(map(len, graph.near.values())) // 2)
    if not graph.cost:
        return Found(graph.extend({}), graph.constant, "shrinking", True, *size)
    best, best_cost, bound = None, np.inf, -np.inf
    until = time.perf_counter() + seconds
    for turn in range(_ROUNDS):
        if turn and time.perf_counter() > until:
            break
        plan = plan_elimination(graph, _THICK)
        core, numbers = core_of(graph)
        cells = columns_of(core)
        if plan.cells <= _THIN or (turn and np.isfinite(plan.cells)):
            choice, cost = eliminate(graph, plan)
            return Found(graph.extend(choice), cost + graph.constant, "elimination", True, *size)
        sweeps = int(min(_SWEEPS, plan.cells / (_CELLS_A_SWEEP * max(cells, 1))))
        ascent = ascend(core, sweeps, graph.constant, until=until)
        bound = max(bound, ascent.bound + graph.constant)
        if ascent.choice is not None and ascent.cost + graph.constant < best_cost:
            best, best_cost = graph.extend(dict(zip(numbers, ascent.choice, strict=True))), ascent.cost + graph.constant
        if not ascent.closed:
            mixed, cost = fuse(graph, numbers, ascent.seen)
            best, best_cost = (mixed, cost) if cost < best_cost else (best, best_cost)
        if best_cost - bound <= CLOSED * abs(best_cost):
            return Found(best, bound, "dual bound", True, *size)
        rises = surplus(core, ascent.duals)
        if columns and best_cost - bound > _ENOUGH * abs(best_cost):
            wanted = also(graph, numbers, ascent.seen, () if best is None else (best,))
            for part in promising_parts(graph, core, numbers, [wanted], rises, _PART):
                choice, cost = _try(part, backend, max(1.0, until - time.perf_counter()), best_cost)
                best, best_cost = (choice, cost) if cost < best_cost else (best, best_cost)
                if best_cost - bound <= _ENOUGH * abs(best_cost):
                    break
        slack = best_cost - graph.constant - ascent.bound + 1e-9 * abs(best_cost)
        if np.isfinite(slack) and fix(graph, numbers, rises, slack):
            graph.shrink()
        elif not np.isfinite(plan.cells):
            break
    core, numbers = core_of(graph)
    if columns_of(core) <= columns:
        relaxed = solve_core(core, backend, max(1.0, until - time.perf_counter()), None, best_cost - graph.constant)
        if relaxed.choice is not None:
            choice = graph.extend(dict(zip(numbers, relaxed.choice, strict=True)))
            return Found(choice, max(bound, relaxed.bound + graph.constant), relaxed.method, relaxed.proved, *size)
    return Found(best, bound, "dual bound", False, *size)


def _try(part: Graph, backend: Backend, seconds: float, scale: float) -> tuple[tuple[int, ...] | None, float]:
    """A good choice of a part, and its ticks."""
    core, numbers = core_of(part)
    relaxed = solve_core(core, backend, seconds, None, scale, _BRANCHES, _ENOUGH)
    if relaxed.choice is None:
        return None, np.inf
    return part.extend(dict(zip(numbers, relaxed.choice, strict=True))), core.objective(relaxed.choice) + part.constant
