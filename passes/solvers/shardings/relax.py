"""The core as a linear program by python-mip, with branching where its optimum is fractional.

    x[n, s] in [0, 1], sum_s x[n, s] = 1          y[e, r, c] >= 0 for classes r of equal rows and c of equal columns of the edge
    sum_c y[e, r, c] = sum_{s in r} x[a, s]       sum_r y[e, r, c] = sum_{s in c} x[b, s]       sum_n use[n, s] x[n, s] <= limit

The edge columns with both marginals are the local polytope: usually integral. Forbidden strategies and pairs have no column.
Source: Alpa (OSDI'22) section 4.2 for the program, Werner (PAMI'07) for this relaxation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from passes.solvers.program import Backend, new_program
from passes.solvers.shardings.bound import Duals, dual_bound
from passes.solvers.shardings.core import Core
from passes.solvers.shardings.problem import Costs

_INTEGRAL = 1e-6
_STRICTER = 4e-6  # of a memory row: back ends let a row be over by 1e-6
_NOTHING = ("INFEASIBLE", "INT_INFEASIBLE")
_DOUBTFUL = ("ERROR", "OTHER", "UNBOUNDED")
_GAP = 1e-9  # relative; the solvers' default of 1e-4 would stop at "good enough"


@dataclass(frozen=True, slots=True)
class Relaxed:
    """``choice`` of the core or None, a lower ``bound`` in ticks, how it came about: "lp" or "branch and bound".

    ``proved``: the choice is optimal, or without one, there is none.
    """

    choice: tuple[int, ...] | None
    bound: float
    method: str
    proved: bool


class _Program:
    """The model and its columns: ``nodes[n][s]``, with None for what is forbidden."""

    def __init__(self, core: Core, backend: Backend, unit: float, gap: float = _GAP, *, whole: bool = False) -> None:
        self.program = new_program(backend)
        self.mip, self.model = self.program.mip, self.program.model
        self.core, self.unit = core, unit
        self.kind = self.mip.BINARY if whole else self.mip.CONTINUOUS
        self.model.max_mip_gap, self.model.max_mip_gap_abs = gap, _GAP
        self.nodes = [[self._column(c / unit) for c in cost] for cost in core.costs]
        self.one = [self._row(list(columns), [1.0] * len(columns), 1.0) for columns in self.nodes]
        self.edges = [self._edge(a, b, cost) for a, b, cost in core.edges]
        self.rows = [self._memory(row) for row in range(len(core.limits))]

    def _column(self, cost: float) -> Any:
        return None if np.isinf(cost) else self.model.add_var(obj=float(cost), lb=0.0, ub=1.0, var_type=self.kind)

    def _row(self, columns: list[Any], factors: list[float], right: float, sense: str = "=") -> Any:
        pairs = [(c, f) for c, f in zip(columns, factors, strict=True) if c is not None and f != 0]
        expression = self.mip.LinExpr([c for c, _ in pairs], [f for _, f in pairs], -right, sense)
        return self.model.add_constr(expression)

    def _edge(self, a: int, b: int, cost: Costs) -> tuple[tuple[Any, ...], tuple[Any, ...], list[int], list[int]]:
        """The marginal rows of both ends, and the class of every row and column of the table."""
        _, first_rows, rows = np.unique(cost, axis=0, return_index=True, return_inverse=True)
        _, first_columns, columns = np.unique(cost, axis=1, return_index=True, return_inverse=True)
        small = cost[np.ix_(first_rows, first_columns)]
        pairs = [[None if np.isinf(c) else self.model.add_var(obj=float(c) / self.unit) for c in row] for row in small]
        ends: list[tuple[Any, ...]] = []
        for node, classes, lines in ((a, rows, pairs), (b, columns, list(zip(*pairs, strict=True)))):
            marginals: list[Any] = []
            for number, line in enumerate(lines):
                mine = [self.nodes[node][s] for s in np.flatnonzero(classes.ravel() == number)]
                marginals.append(self._row([*line, *mine], [1.0] * len(line) + [-1.0] * len(mine), 0.0))
            ends.append(tuple(marginals))
        return ends[0], ends[1], rows.ravel().tolist(), columns.ravel().tolist()

    def _memory(self, row: int) -> Any:
        limit, columns, factors = float(self.core.limits[row]), list[Any](), list[float]()
        size = max(abs(limit), 1.0)
        for node, use in self.core.uses.items():
            columns += self.nodes[node]
            factors += (use[row] / size).tolist()
        if not any(c is not None and f != 0 for c, f in zip(columns, factors, strict=True)):
            return None
        return self._row(columns, factors, limit / size, "<")

    def choice(self) -> tuple[tuple[int, ...], bool]:
        """The strategy with most weight at each node, and whether all weights are integral."""
        picked: list[int] = []
        integral = True
        for columns in self.nodes:
            weights = [-1.0 if c is None else float(c.x) for c in columns]
            best = int(np.argmax(weights))
            integral = integral and weights[best] >= 1 - _INTEGRAL
            picked.append(best)
        return tuple(picked), integral

    def duals(self) -> Duals:
        """What the program's multipliers say about every edge's ends and the memory rows, in ticks."""
        messages: list[tuple[Costs, Costs]] = []
        for to_a, to_b, rows, columns in self.edges:
            first = np.array([c.pi for c in to_a])[rows] * self.unit
            messages.append((first, np.array([c.pi for c in to_b])[columns] * self.unit))
        sizes = np.maximum(np.abs(self.core.limits), 1.0)
        multipliers = np.array([0.0 if c is None else max(0.0, -c.pi) for c in self.rows]) * self.unit / sizes
        return Duals(tuple(messages), multipliers)

    def branch(self, start: Sequence[int] | None, seconds: float, most_nodes: int) -> str:
        if start is not None:
            picked = [columns[s] for columns, s in zip(self.nodes, start, strict=True)]
            self.model.start = [(column, 1.0) for column in picked]
        return self.program.optimize(relax=False, seconds=seconds, most_nodes=most_nodes)


def solve_core(
    core: Core,
    backend: Backend,
    seconds: float,
    start: Sequence[int] | None,
    scale: float,
    most_nodes: int = 1_000_000,
    gap: float = _GAP,
    strict: bool = False,
) -> Relaxed:
    """The best choice of a core, at least as good as ``start``. ``scale``: ticks of a typical objective, for tolerances.

    ``most_nodes`` bounds the branching, the same on every machine; ``seconds`` is the last resort; branching ends within ``gap``
    (relative) of the best. A choice that is over a memory row by less than the back end's tolerance does not fit: then the program
    is solved once more, a little stricter. Where HiGHS fails, or says that nothing fits and that would be believed, CBC is asked.
    """
    unit = _unit(core, scale)
    program = _Program(core, backend, unit)
    status = program.program.optimize(relax=True, seconds=seconds)
    if backend == "highs" and (status in _DOUBTFUL or (status in _NOTHING and gap <= _GAP)):
        return solve_core(core, "cbc", seconds, start, scale, most_nodes, gap, strict)
    if status in _NOTHING:
        return Relaxed(None, np.inf, "lp", proved=True)
    if status != "OPTIMAL":
        return Relaxed(None, -np.inf, "lp", proved=False)
    choice, integral = program.choice()
    bound = dual_bound(core, program.duals())
    if integral and core.fits(choice):
        return Relaxed(choice, bound, "lp", proved=True)
    # A new program: HiGHS behind python-mip 2.0 ends the process when a model that was relaxed is branched on (2026-11-21).
    program = _Program(core, backend, unit, gap, whole=True)
    status = program.branch(start, seconds, most_nodes)
    if backend == "highs" and (status in _DOUBTFUL or (status in _NOTHING and gap <= _GAP)):
        return solve_core(core, "cbc", seconds, start, scale, most_nodes, gap, strict)
    if status in _NOTHING:
        return Relaxed(None, np.inf, "branch and bound", proved=True)
    if status not in ("OPTIMAL", "FEASIBLE"):
        return Relaxed(None, bound, "branch and bound", proved=False)
    choice, _ = program.choice()
    bound = max(bound, float(program.model.objective_bound) * program.unit)
    if core.fits(choice):
        return Relaxed(choice, bound, "branch and bound", proved=status == "OPTIMAL" and gap <= _GAP)
    if strict:
        return Relaxed(None, bound, "branch and bound", proved=False)
    less = core.limits - _STRICTER * np.maximum(np.abs(core.limits), 1.0)
    again = solve_core(replace(core, limits=less), backend, seconds, start, scale, most_nodes, gap, strict=True)
    return Relaxed(again.choice, bound, "branch and bound", proved=False)


def _unit(core: Core, scale: float) -> float:
    """Ticks of 1 in the program's objective: a typical objective is 1e4, and no cost is above 1e7.

    Larger ones come where the best choice costs nothing and does not fit: CBC then says infeasible, and HiGHS ends with an error.
    """
    costs = (*core.costs, *(cost for _, _, cost in core.edges))
    largest = max((float(np.max(cost, initial=0.0, where=np.isfinite(cost))) for cost in costs), default=0.0)
    return max(scale if np.isfinite(scale) else largest, 1e-3 * largest, 1.0) / 1e4
