"""Bytes at a price: with a price on the bytes of every row the problem is free of rows, and the free solver is fast and exact.

Each set of prices gives a bound, and a choice that is the best of all that use no more. First one price on what all rows add up
to: choices at too low and too high a price give the next, the one at which both cost the same. Then a price for each row: a small
linear program mixes the choices seen into the cheapest mixture inside the rows, whose multipliers are the next prices.
The bound's distance from the optimum is what a choice between whole strategies costs over mixtures of them.
Source: Lagrange relaxation (Everett, Operations Research 1963), column generation (Dantzig and Wolfe, 1960), with the half step
to the new prices of Wentges (1997).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passes.solvers.program import Backend, new_program
from passes.solvers.shardings.problem import Costs, MemoryRow, Node, ShardingProblem

FreeSolver = Callable[[ShardingProblem], tuple[tuple[int, ...] | None, float]]  # choice and lower bound in seconds
_MOST = 8  # prices tried on the sum
_MIXED = 8  # sets of prices tried after that
_DEARER = 8.0  # times the price while no choice fits
_CLOSE = 1e-7  # relative: the bound rises no more
_ENOUGH = 2e-5  # relative: what mixing more choices may still bring is not worth another one
_BROKEN = 10.0  # times the free cost: what a limit's worth of bytes beyond the limit costs in the mixture


@dataclass(frozen=True, slots=True)
class Priced:
    """``bound_s``: no choice inside the rows is cheaper. ``choices``: the best at each price tried, whether they fit or not,
    those first of which the best mixture has most.

    ``prices``: for each row the seconds for its limit's worth of bytes.
    """

    bound_s: float
    choices: tuple[tuple[int, ...], ...]
    prices: NDArray[np.float64]


def price_bytes(
    problem: ShardingProblem,
    rows: Sequence[MemoryRow],
    free: Sequence[int],
    solve: FreeSolver,
    backend: Backend = "highs",
) -> Priced:
    """Try prices on the bytes of ``rows``, each in units of its limit. ``free``: a choice that costs least whatever it uses.

    Every bound holds whatever ``solve`` does, as long as its own bound does.
    """
    tried = _Tried(problem, rows, free, solve)
    tried.one_price()
    tried.mix(backend)
    return Priced(tried.bound_s, tried.by_share(), tried.best)


class _Tried:
    """The choices at the prices tried so far: ``points[k]`` is (seconds, limits used of each row)."""

    def __init__(
        self, problem: ShardingProblem, rows: Sequence[MemoryRow], free: Sequence[int], solve: FreeSolver
    ) -> None:
        self.problem, self.solve = problem, solve
        self.uses = _in_limits(rows)
        self.num_rows = len(rows)
        self.bound_s = -np.inf
        self.best = np.zeros(len(rows))
        self.shares: list[float] = []
        self.choices: list[tuple[int, ...]] = []
        self.points: list[tuple[float, NDArray[np.float64]]] = []
        self.put(tuple(free))

    def put(self, choice: tuple[int, ...]) -> tuple[float, NDArray[np.float64]]:
        used = sum((use[:, choice[node]] for node, use in self.uses.items()), np.zeros(self.num_rows))
        self.choices.append(choice)
        self.points.append((self.problem.objective(choice), used))
        return self.points[-1]

    def ask(self, prices: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]] | None:
        """The best choice at these prices, and its bound."""
        choice, least_s = self.solve(_at(self.problem, self.uses, prices))
        if least_s - prices.sum() > self.bound_s:
            self.bound_s, self.best = least_s - float(prices.sum()), prices
        return None if choice is None else self.put(choice)

    def by_share(self) -> tuple[tuple[int, ...], ...]:
        """The choices, by their share in the last mixture and then by what they cost at the best prices."""
        shares = [*self.shares, *([0.0] * len(self.choices))]
        costs = [seconds + float(self.best @ used) for seconds, used in self.points]
        order = sorted(range(len(self.choices)), key=lambda k: (-round(shares[k], 6), costs[k], k))
        return tuple(dict.fromkeys(self.choices[k] for k in order))

    def one_price(self) -> None:
        """The same price for all rows: its best is where a choice that uses more and one that uses less cost the same."""
        room = float(self.num_rows)
        low, high = (self.points[0][0], float(self.points[0][1].sum())), None
        if low[1] <= room:  # only single rows are broken, not their sum: no price on it helps
            return
        price = (low[0] or _most_seconds(self.problem)) / room
        for _ in range(_MOST):
            before, got = self.bound_s, self.ask(np.full(self.num_rows, price))
            if got is None:
                return
            here = got[0], float(got[1].sum())
            if here[1] > room:
                low = here
            elif high is None or here[0] < high[0]:
                high = here
            if high is None:
                price *= _DEARER
                continue
            following = (high[0] - low[0]) / (low[1] - high[1])
            if following <= 0 or abs(following - price) <= _CLOSE * price:
                return
            if self.bound_s > 0 and here in (low, high) and 0 < self.bound_s - before <= _CLOSE * self.bound_s:
                return
            price = following

    def mix(self, backend: Backend) -> None:
        """A price for each row, from the cheapest mixture of the choices so far; halfway from the best prices to those."""
        for _ in range(_MIXED):
            found = _mixture(self.points, backend)
            if found is None:
                return
            least_s, prices, self.shares = found
            if least_s - self.bound_s <= _ENOUGH * abs(self.bound_s) or self.ask((prices + self.best) / 2) is None:
                return


def _most_seconds(problem: ShardingProblem) -> float:
    """No choice costs more: the first price on bytes where a choice that uses too many is free, and says nothing of the scale."""
    tables = {id(part.cost): part.cost for part in (*problem.nodes, *problem.edges)}
    most = {key: float(np.abs(table[np.isfinite(table)]).max(initial=0.0)) for key, table in tables.items()}
    return sum(most[id(part.cost)] for part in (*problem.nodes, *problem.edges))


def _mixture(
    points: Sequence[tuple[float, NDArray[np.float64]]], backend: Backend
) -> tuple[float, NDArray[np.float64], list[float]] | None:
    """The least seconds of a mixture of points inside the rows, what a limit's worth more of each row would save, the shares."""
    program = new_program(backend)
    mip, model = program.mip, program.model
    unit = abs(points[0][0]) or max(abs(seconds) for seconds, _ in points) or 1.0
    shares = [model.add_var(obj=seconds / unit, lb=0.0) for seconds, _ in points]
    beyond = [model.add_var(obj=_BROKEN, lb=0.0) for _ in points[0][1]]
    model.add_constr(mip.xsum(shares) == 1)
    rows = [
        model.add_constr(
            mip.xsum(float(used[row]) * share for (_, used), share in zip(points, shares, strict=True)) - over <= 1
        )
        for row, over in enumerate(beyond)
    ]
    if program.optimize(relax=True) != "OPTIMAL":
        return None
    prices = np.array([max(0.0, -float(row.pi)) for row in rows]) * unit
    return float(model.objective_value) * unit, prices, [float(share.x) for share in shares]


def _in_limits(rows: Sequence[MemoryRow]) -> dict[int, Costs]:
    """Node -> [row, strategy]: limits' worth of bytes; equal uses of nodes stay one array."""
    parts: dict[int, list[tuple[int, Costs]]] = {}
    for number, row in enumerate(rows):
        for node, use in row.bytes_of.items():
            parts.setdefault(node, []).append((number, use))
    shared: dict[tuple[tuple[int, int], ...], Costs] = {}
    result: dict[int, Costs] = {}
    for node, mine in parts.items():
        key = tuple((number, id(use)) for number, use in mine)
        if key not in shared:
            shared[key] = np.zeros((len(rows), len(mine[0][1])))
            for number, use in mine:
                shared[key][number] = use / max(rows[number].limit_bytes, 1.0)
        result[node] = shared[key]
    return result


def _at(problem: ShardingProblem, uses: Mapping[int, Costs], prices: NDArray[np.float64]) -> ShardingProblem:
    """The problem without rows, with ``prices`` in each node's costs."""
    nodes = list(problem.nodes)
    shared: dict[tuple[int, int], Costs] = {}
    for node, use in uses.items():
        key = id(nodes[node].cost), id(use)
        if key not in shared:
            shared[key] = nodes[node].cost + prices @ use
        nodes[node] = Node(nodes[node].name, shared[key])
    return ShardingProblem(tuple(nodes), problem.edges)
