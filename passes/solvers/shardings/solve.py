"""The intra-operator optimum: shrink exactly, let python-mip solve the core, add memory rows only where they are broken.

Source: Alpa (OSDI'22) section 4.2 for the problem; docs/intra-operator.md for the way.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from passes.solvers.program import Backend
from passes.solvers.shardings.prices import price_bytes
from passes.solvers.shardings.problem import (
    Certificate,
    MemoryRow,
    NoneFound,
    OutOfMemory,
    ShardingProblem,
    ShardingSolution,
)
from passes.solvers.shardings.shrink import Graph, NoFiniteChoice
from passes.solvers.shardings.solve_free import Found, solve_free
from passes.solvers.shardings.solve_inside import Known, solve_inside
from passes.solvers.shardings.tables import Tables, ticks_per_second

__all__ = ["NoFiniteChoice", "solve_sharding"]

_PRICED_NODES = 20_000  # of a problem that is solved for several prices of its bytes; five seconds each for the largest
_OPTIMAL = 1e-9  # a relative gap below this is rounding


def solve_sharding(
    problem: ShardingProblem,
    *,
    backend: Backend = "highs",
    time_limit_s: float = 600.0,
    start: Sequence[Sequence[int]] = (),
) -> ShardingSolution:
    """The choice of least cost inside the memory rows, with its certificate; never worse than a ``start`` that fits.

    Raises OutOfMemory if no choice fits, NoFiniteChoice if every choice costs infinity, NoneFound if the search ended too soon.
    Same problem, same answer: sweeps, columns and branches are counted; ``time_limit_s`` (of the whole solve) is the last resort.
    """
    return _Solve(problem, backend, time_limit_s, start).run()


class _Solve:
    def __init__(
        self, problem: ShardingProblem, backend: Backend, time_limit_s: float, start: Sequence[Sequence[int]]
    ) -> None:
        self.problem = replace(problem, charges=())  # passes/choosers/charged.py has an eye on them
        self.backend: Backend = backend
        self.began = time.perf_counter()
        self.deadline = self.began + time_limit_s
        arrays = {id(item.cost): item.cost for item in (*problem.nodes, *problem.edges)}
        counts = Counter(id(item.cost) for item in (*problem.nodes, *problem.edges))
        self.tables = Tables(ticks_per_second((array, counts[key]) for key, array in arrays.items()))
        self.best: tuple[int, ...] | None = None
        self.best_s = np.inf
        self.free: tuple[int, ...] | None = None  # the best choice, whatever it uses
        for choice in start:
            self._offer(tuple(choice))

    def run(self) -> ShardingSolution:
        self._check_rows()
        active: list[int] = []
        while True:
            left = self.deadline - time.perf_counter()
            graph = Graph(self.tables, self.problem, [self.problem.rows[row] for row in active])
            if active:
                found = solve_inside(graph, self.backend, left, ask=lambda rows=tuple(active): self._priced(rows))
            else:
                found = solve_free(graph, self.backend, left)
                self.free = found.choice
            if found.choice is None:
                if found.proved:
                    raise self._out_of_memory()
                return self._finish(found)
            self._offer(found.choice)
            used = self.problem.used_bytes(found.choice)
            broken = [r for r, row in enumerate(self.problem.rows) if used[r] > row.limit_bytes and r not in active]
            if not broken:
                return self._finish(found)
            active = sorted({*active, *broken})

    def _priced(self, active: Sequence[int]) -> Known:
        """What prices on the bytes of the ``active`` rows say, where trying several prices takes a few seconds only."""
        if self.free is None or len(self.problem.nodes) > _PRICED_NODES:
            return Known()
        rows = [self.problem.rows[row] for row in active]
        priced = price_bytes(self.problem, rows, self.free, self._free, self.backend)
        fitting = [choice for choice in priced.choices if self._fits(choice, rows)]
        for choice in fitting:
            self._offer(choice)
        best = min(fitting, key=self.problem.objective, default=None)
        cost = np.inf if best is None else self.problem.objective(best) * self.tables.ticks_per_second
        ticks = self.tables.ticks_per_second
        prices = priced.prices * ticks / np.array([max(row.limit_bytes, 1.0) for row in rows])
        return Known(priced.bound_s * ticks, best, cost, priced.choices, prices if prices.any() else None)

    def _free(self, problem: ShardingProblem) -> tuple[tuple[int, ...] | None, float]:
        """A choice and a bound in seconds, for a problem without rows, without a program."""
        inner = _Solve(problem, self.backend, max(1.0, self.deadline - time.perf_counter()), ())
        found = solve_free(Graph(inner.tables, problem), self.backend, self.deadline - time.perf_counter(), columns=0)
        rounding = (len(problem.nodes) + len(problem.edges)) / 2
        return found.choice, (found.bound - rounding) / inner.tables.ticks_per_second

    @staticmethod
    def _fits(choice: Sequence[int], rows: Sequence[MemoryRow]) -> bool:
        return all(sum(float(use[choice[n]]) for n, use in row.bytes_of.items()) <= row.limit_bytes for row in rows)

    def _offer(self, choice: tuple[int, ...]) -> None:
        """Keep a choice if it fits and is the best so far."""
        used = self.problem.used_bytes(choice)
        if all(use <= row.limit_bytes for use, row in zip(used, self.problem.rows, strict=True)):
            objective = self.problem.objective(choice)
            if objective < self.best_s:
                self.best, self.best_s = choice, objective

    def _check_rows(self) -> None:
        if any(least > row.limit_bytes for least, row in zip(self._least_bytes(), self.problem.rows, strict=True)):
            raise self._out_of_memory()

    def _least_bytes(self) -> list[float]:
        return [
            sum(
                float(np.where(np.isfinite(self.problem.nodes[n].cost), use, np.inf).min())
                for n, use in row.bytes_of.items()
            )
            for row in self.problem.rows
        ]

    def _out_of_memory(self) -> OutOfMemory:
        rows = self.problem.rows
        smallest = dict(zip((row.name for row in rows), self._least_bytes(), strict=True))
        return OutOfMemory(smallest, {row.name: row.limit_bytes for row in rows})

    def _finish(self, found: Found) -> ShardingSolution:
        if self.best is None:
            raise NoneFound(found.bound / self.tables.ticks_per_second)
        bound_s = self.best_s if found.proved else min(found.bound / self.tables.ticks_per_second, self.best_s)
        gap = 0.0 if self.best_s == 0 else (self.best_s - bound_s) / abs(self.best_s)
        certificate = Certificate(
            objective_s=self.best_s,
            bound_s=bound_s,
            gap=0.0 if gap <= _OPTIMAL else gap,
            method=found.method,
            num_nodes=len(self.problem.nodes),
            num_edges=len(self.problem.edges),
            core_nodes=found.core_nodes,
            core_edges=found.core_edges,
            seconds=time.perf_counter() - self.began,
        )
        return ShardingSolution(self.best, certificate, self.problem.used_bytes(self.best))
