"""The best choice of a graph inside memory rows: a program where the core is small, prices on bytes where it is large.

small core -> python-mip with the rows: the optimum
large core -> the bound of dual ascent at prices on bytes, from the best price known; python-mip on the strategies that the bound
              says matter most, the rows as they are; strategies that the bound now rules out go, shrink, again
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from passes.solvers.program import Backend
from passes.solvers.shardings.ascent import Ascent, ascend
from passes.solvers.shardings.core import Core, core_of
from passes.solvers.shardings.fixing import fix, surplus
from passes.solvers.shardings.improve import descend
from passes.solvers.shardings.promising import Wanted, also, columns, promising_parts
from passes.solvers.shardings.relax import Relaxed, solve_core
from passes.solvers.shardings.shrink import Graph
from passes.solvers.shardings.solve_free import Found

_SMALL = 8_000  # columns of a program that is solved at once: some 2 s
_ROUNDS = 3
_WORTHWHILE = 0.8  # another round only where the last one left less than this of the columns
_SWEEPS = 120
_BRANCHES = 100  # nodes of a search that only has to find something good
_GOOD = 3e-5  # relative: where that search may end
_ENOUGH = 1e-4  # relative: no more rounds for the rest of the gap
_NEAR = 1e-9
_PROPOSALS = (1, 2, 4)  # choices at other prices whose strategies are tried with those of the ascent


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before: a ``bound`` and a best ``choice`` inside the rows with its ``cost``, in ticks.

    ``proposals``: choices worth mixing, best first. ``prices``: ticks a byte of each row at which the bound was found.
    """

    bound: float = -np.inf
    choice: tuple[int, ...] | None = None
    cost: float = np.inf
    proposals: tuple[tuple[int, ...], ...] = ()
    prices: NDArray[np.float64] | None = None


@dataclass
class _Best:
    """The best choice so far with its ticks, and the best bound."""

    choice: tuple[int, ...] | None = None
    cost: float = np.inf
    bound: float = -np.inf
    size: tuple[int, int] = field(default=(0, 0))

    def offer(self, graph: Graph, numbers: tuple[int, ...], core: Core, choice: tuple[int, ...] | None) -> None:
        if choice is not None and core.objective(choice) + graph.constant < self.cost:
            self.choice = graph.extend(dict(zip(numbers, choice, strict=True)))
            self.cost = core.objective(choice) + graph.constant

    def within(self, gap: float) -> bool:
        return self.cost - self.bound <= gap * abs(self.cost)

    def found(self, method: str) -> Found:
        return Found(self.choice, self.bound, method, self.within(_NEAR), *self.size)


def solve_inside(
    graph: Graph, backend: Backend, seconds: float, small: int = _SMALL, ask: Callable[[], Known] = Known
) -> Found:
    """``graph`` is shrunk and used up. ``small``: columns of a program that is solved at once. Raises NoFiniteChoice.

    ``ask``: what is known by other means, asked where the core is larger than that.
    """
    graph.shrink()
    best = _Best(size=(len(graph.cost), sum(map(len, graph.near.values())) // 2))
    known, until = Known(), time.perf_counter() + seconds
    for turn in range(_ROUNDS):
        core, numbers = core_of(graph)
        before = columns(core)
        if before <= small:
            return _whole(graph, core, numbers, backend, max(1.0, until - time.perf_counter()), best)
        if not turn:
            known = ask()
            best.choice, best.cost, best.bound = known.choice, known.cost, known.bound
        ascent = ascend(core, _SWEEPS, graph.constant, until=until, prices=known.prices)
        best.bound = max(best.bound, ascent.bound + graph.constant)
        if ascent.choice is not None:
            best.offer(graph, numbers, core, tuple(ascent.choice))
        if best.within(_NEAR):
            break
        rises = surplus(core, ascent.duals)
        for part in promising_parts(graph, core, numbers, _wanted(graph, numbers, ascent, known, best), rises, small):
            small_core, small_numbers = core_of(part)
            relaxed = _solve(small_core, backend, max(1.0, until - time.perf_counter()), _BRANCHES, _GOOD)
            best.offer(part, small_numbers, small_core, relaxed.choice)
            if best.within(_ENOUGH):
                break
        slack = best.cost - graph.constant - ascent.bound + _NEAR * abs(best.cost)
        if best.within(_ENOUGH) or not np.isfinite(slack) or not fix(graph, numbers, rises, slack):
            break
        graph.shrink()
        if columns(core_of(graph)[0]) > max(small, _WORTHWHILE * before):
            break
    return best.found("dual bound")


def _wanted(graph: Graph, numbers: tuple[int, ...], ascent: Ascent, known: Known, best: _Best) -> list[Wanted]:
    """Strategies to try together: of the best choice and ever more proposals, then also what the ascent saw near its end."""
    taken = () if best.choice is None else (best.choice,)
    nothing = tuple(frozenset[int]() for _ in numbers)
    few = [also(graph, numbers, nothing, (*taken, *known.proposals[:count])) for count in _PROPOSALS]
    return [*few, also(graph, numbers, ascent.seen, (*taken, *known.proposals[: _PROPOSALS[-1]]))]


def _whole(graph: Graph, core: Core, numbers: tuple[int, ...], backend: Backend, seconds: float, best: _Best) -> Found:
    """The program with all that is left: its optimum, or proof that nothing fits, or nothing better than is known."""
    relaxed = _solve(core, backend, seconds)
    best.offer(graph, numbers, core, relaxed.choice)
    # What was ruled out was not better than what is known: so a proof for the rest is a proof.
    if relaxed.proved and best.choice is not None:
        return Found(best.choice, best.cost, relaxed.method, True, *best.size)
    best.bound = max(best.bound, min(relaxed.bound + graph.constant, best.cost))
    return Found(best.choice, best.bound, relaxed.method, relaxed.proved or best.within(_NEAR), *best.size)


def _solve(core: Core, backend: Backend, seconds: float, most_nodes: int = 1_000_000, gap: float = _NEAR) -> Relaxed:
    if not core.costs:
        fits = bool((core.limits >= 0).all())
        return Relaxed(() if fits else None, 0.0 if fits else np.inf, "shrinking", proved=True)
    first = descend(core, [int(cost.argmin()) for cost in core.costs])
    typical = core.objective(first)
    scale = typical if np.isfinite(typical) else max(float(c[np.isfinite(c)].max()) for c in core.costs)
    usable = first if core.fits(first) and np.isfinite(typical) else None
    return solve_core(core, backend, seconds, usable, scale, most_nodes, gap)
