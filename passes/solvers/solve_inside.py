"""The best choice of a graph inside memory rows."""

import numpy as np

from passes.solvers.core import core_of
from passes.solvers.improve import descend
from passes.solvers.relax import solve_core
from passes.solvers.sharding_problem import Backend
from passes.solvers.shrink import Graph
from passes.solvers.solve_free import Found


def solve_inside(graph: Graph, backend: Backend, seconds: float) -> Found:
    """``graph`` is shrunk and used up. Raises NoFiniteChoice."""
    graph.shrink()
    core, numbers = core_of(graph)
    size = (len(core.costs), len(core.edges))
    if not core.costs:
        fits = bool((core.limits >= 0).all())
        return Found(graph.extend({}) if fits else None, graph.constant, "shrinking", True, *size)
    first = descend(core, [int(cost.argmin()) for cost in core.costs])
    typical = core.objective(first)
    scale = typical if np.isfinite(typical) else max(float(c[np.isfinite(c)].max()) for c in core.costs)
    usable = first if core.fits(first) and np.isfinite(typical) else None
    relaxed = solve_core(core, backend, seconds, usable, scale)
    choice = None if relaxed.choice is None else graph.extend(dict(zip(numbers, relaxed.choice, strict=True)))
    return Found(choice, relaxed.bound + graph.constant, relaxed.method, relaxed.proved, *size)
