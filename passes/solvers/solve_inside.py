"""The best choice of a graph inside memory rows: a program where the core is small, prices on bytes where it is large.

small core -> python-mip with the rows: the optimum
large core -> dual ascent with a price on every row's bytes; strategies that the bound rules out go, shrink, again;
              then python-mip on the strategies that the bound says could still matter most, the rows as they are
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from passes.solvers.ascent import Ascent, ascend
from passes.solvers.core import Core, core_of
from passes.solvers.fixing import fix, surplus
from passes.solvers.improve import descend
from passes.solvers.relax import Relaxed, solve_core
from passes.solvers.sharding_problem import Backend, Costs
from passes.solvers.shrink import Graph
from passes.solvers.solve_free import Found
from passes.solvers.tables import Indices

_SMALL = 5_000  # columns of a program that is solved at once
_PROMISING = (
    10_000,
    30_000,
    90_000,
)  # before shrinking; after it at most the first of these: columns of the program that looks for a better choice near the bound
_ROUNDS = 3
_WORTHWHILE = 0.5  # another round only where the last one left less than this of the columns
_SWEEPS = 120
_BRANCHES = 30  # nodes of that program's search: it only has to find something good
_NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before: a ``bound`` and a best ``choice`` inside the rows with its ``cost``, in ticks; choices worth mixing."""

    bound: float = -np.inf
    choice: tuple[int, ...] | None = None
    cost: float = np.inf
    proposals: tuple[tuple[int, ...], ...] = ()


def solve_inside(
    graph: Graph, backend: Backend, seconds: float, small: int = _SMALL, ask: Callable[[], Known] = Known
) -> Found:
    """``graph`` is shrunk and used up. ``small``: columns of a program that is solved at once. Raises NoFiniteChoice.

    ``ask``: what is known by other means, asked where the core is larger than that.
    """
    graph.shrink()
    size = (len(graph.cost), sum(map(len, graph.near.values())) // 2)
    best: tuple[int, ...] | None = None
    best_cost, bound = np.inf, -np.inf
    known, until = Known(), time.perf_counter() + seconds
    for turn in range(_ROUNDS):
        left = max(1.0, until - time.perf_counter())
        core, numbers = core_of(graph)
        if _columns(core) <= small:
            return _whole(graph, core, numbers, backend, left, Found(best, bound, "", False, *size), best_cost)
        if not turn:
            known = ask()
            best, best_cost, bound = known.choice, known.cost, known.bound
        ascent = ascend(core, _SWEEPS, graph.constant, until=until)
        bound = max(bound, ascent.bound + graph.constant)
        if ascent.choice is not None and ascent.cost + graph.constant < best_cost:
            best, best_cost = graph.extend(dict(zip(numbers, ascent.choice, strict=True))), ascent.cost + graph.constant
        if ascent.closed:
            return Found(best, bound, "dual bound", True, *size)
        rises = surplus(core, ascent.duals)
        ascent = replace(ascent, seen=_with(graph, numbers, ascent.seen, known.proposals))
        part = _part(graph, core, numbers, ascent, rises)
        small_core, small_numbers = core_of(part)
        relaxed = _solve(small_core, backend, max(1.0, until - time.perf_counter()), _BRANCHES)
        if relaxed.choice is not None and small_core.objective(relaxed.choice) + part.constant < best_cost:
            best = part.extend(dict(zip(small_numbers, relaxed.choice, strict=True)))
            best_cost = small_core.objective(relaxed.choice) + part.constant
        slack = best_cost - graph.constant - ascent.bound + _NEAR * abs(best_cost)
        if not np.isfinite(slack) or not fix(graph, numbers, rises, slack):
            break
        graph.shrink()
        left = _columns(core_of(graph)[0])
        if left > max(small, _WORTHWHILE * _columns(core)):
            break
    return Found(best, bound, "dual bound", best_cost - bound <= _NEAR * abs(best_cost), *size)


def _with(
    graph: Graph, numbers: Sequence[int], seen: Sequence[frozenset[int]], proposals: Sequence[Sequence[int]]
) -> tuple[frozenset[int], ...]:
    """``seen`` and what the proposals take, as positions among the strategies that are left."""
    wanted = [np.unique([choice[node] for choice in proposals]).astype(np.intp) for node in numbers]
    places = (np.flatnonzero(np.isin(graph.kept[node], mine)) for node, mine in zip(numbers, wanted, strict=True))
    return tuple(mine | set(place.tolist()) for mine, place in zip(seen, places, strict=True))


def _whole(
    graph: Graph,
    core: Core,
    numbers: tuple[int, ...],
    backend: Backend,
    seconds: float,
    known: Found,
    known_cost: float,
) -> Found:
    """The program with all that is left: its optimum, or proof that nothing fits."""
    size = (known.core_nodes, known.core_edges)
    relaxed = _solve(core, backend, seconds)
    if relaxed.choice is None and relaxed.proved and known.choice is not None:
        return Found(known.choice, known_cost, "branch and bound", True, *size)  # what was ruled out was not better
    if relaxed.choice is None:
        return Found(
            known.choice, max(known.bound, relaxed.bound + graph.constant), relaxed.method, relaxed.proved, *size
        )
    choice = graph.extend(dict(zip(numbers, relaxed.choice, strict=True)))
    if core.objective(relaxed.choice) + graph.constant > known_cost and known.choice is not None:
        choice = known.choice
    return Found(choice, max(known.bound, relaxed.bound + graph.constant), relaxed.method, relaxed.proved, *size)


def _solve(core: Core, backend: Backend, seconds: float, most_nodes: int = 1_000_000) -> Relaxed:
    if not core.costs:
        fits = bool((core.limits >= 0).all())
        return Relaxed(() if fits else None, 0.0 if fits else np.inf, "shrinking", proved=True)
    first = descend(core, [int(cost.argmin()) for cost in core.costs])
    typical = core.objective(first)
    scale = typical if np.isfinite(typical) else max(float(c[np.isfinite(c)].max()) for c in core.costs)
    usable = first if core.fits(first) and np.isfinite(typical) else None
    return solve_core(core, backend, seconds, usable, scale, most_nodes)


def _columns(core: Core) -> int:
    return sum(cost.size for _, _, cost in core.edges)


def _part(graph: Graph, core: Core, numbers: tuple[int, ...], ascent: Ascent, rises: Sequence[Costs]) -> Graph:
    """The graph with promising strategies only, shrunk: as many as leave a program of bearable size."""
    best: Graph | None = None
    for budget in _PROMISING:
        part = graph.copy()
        for node, keep in zip(numbers, _promising(core, ascent, rises, budget), strict=True):
            if len(keep) < len(part.kept[node]):
                part.restrict(node, keep)
        part.shrink()
        if best is not None and _columns(core_of(part)[0]) > _PROMISING[0]:
            return best
        best = part
    assert best is not None
    return best


def _promising(core: Core, ascent: Ascent, rises: Sequence[Costs], budget: int) -> list[Indices]:
    """Of every node the strategies seen near the end and those with the least rise of the bound, for a program of bearable size."""
    levels = np.unique(np.concatenate(rises))
    low, high = 0, len(levels) - 1

    def keeps(level: float) -> list[Indices]:
        kept = [rise <= level for rise in rises]
        for mask, mine in zip(kept, ascent.seen, strict=True):
            mask[list(mine)] = True
        if ascent.choice is not None:
            for mask, s in zip(kept, ascent.choice, strict=True):
                mask[s] = True
        return [np.flatnonzero(mask) for mask in kept]

    def columns(kept: list[Indices]) -> int:
        return sum(len(kept[a]) * len(kept[b]) for a, b, _ in core.edges if len(kept[a]) > 1 and len(kept[b]) > 1)

    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if columns(keeps(float(levels[middle]))) <= budget else (low, middle - 1)
    return keeps(float(levels[low]))
