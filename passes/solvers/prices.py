"""Bytes at a price: with one price on what all rows add up to, the problem is free of rows, and the free solver is fast and exact.

Each price gives a bound, and a choice that is the best of all that use no more. Choices at too low and too high a price give the
next price, the one at which both cost the same; where nothing is cheaper at that price, the best bound of this kind is reached.
The bound's distance from the optimum is what a choice between whole strategies costs over mixtures of them.
Source: Lagrange relaxation of one constraint (Everett, Operations Research 1963), rows added up as surrogates.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from passes.solvers.sharding_problem import Costs, MemoryRow, Node, ShardingProblem

FreeSolver = Callable[[ShardingProblem], tuple[tuple[int, ...] | None, float]]  # choice and lower bound in seconds
_MOST = 8  # prices tried
_DEARER = 8.0  # times the price while no choice fits
_CLOSE = 1e-7  # relative: the bound rises no more


@dataclass(frozen=True, slots=True)
class Priced:
    """``bound_s``: no choice inside the rows is cheaper. ``choices``: the best at each price tried, whether they fit or not."""

    bound_s: float
    choices: tuple[tuple[int, ...], ...]


def price_bytes(problem: ShardingProblem, rows: Sequence[MemoryRow], free: Sequence[int], solve: FreeSolver) -> Priced:
    """Try prices on the sum of ``rows``, each in units of its limit. ``free``: a choice that costs least whatever it uses.

    Every bound holds whatever ``solve`` does, as long as its own bound does.
    """
    use_of = _added_up(rows)
    room = float(len(rows))

    def point(choice: Sequence[int]) -> tuple[float, float]:
        return problem.objective(choice), sum(float(use[choice[node]]) for node, use in use_of.items())

    low, high = point(free), None
    bound_s, choices = -np.inf, [tuple(free)]
    if low[1] <= room:  # only single rows are broken, not their sum: no price on it helps
        return Priced(bound_s, tuple(choices))
    price = low[0] / room
    for _ in range(_MOST):
        choice, least_s = solve(_at(problem, use_of, price))
        before, bound_s = bound_s, max(bound_s, least_s - price * room)
        if choice is None:
            break
        choices.append(choice)
        here = point(choice)
        if here[1] > room:
            low = here
        elif high is None or here[0] < high[0]:
            high = here
        if high is None:
            price *= _DEARER
            continue
        following = (high[0] - low[0]) / (low[1] - high[1])
        if following <= 0 or abs(following - price) <= _CLOSE * price:
            break
        if bound_s > 0 and here in (low, high) and 0 < bound_s - before <= _CLOSE * bound_s:
            break
        price = following
    return Priced(bound_s, tuple(choices))


def _added_up(rows: Sequence[MemoryRow]) -> dict[int, Costs]:
    """Node -> what each strategy uses of all rows, in limits; equal uses of equal nodes stay one array."""
    parts: dict[int, list[tuple[int, Costs]]] = {}
    for number, row in enumerate(rows):
        for node, use in row.bytes_of.items():
            parts.setdefault(node, []).append((number, use))
    shared: dict[tuple[tuple[int, int], ...], Costs] = {}
    result: dict[int, Costs] = {}
    for node, mine in parts.items():
        key = tuple((number, id(use)) for number, use in mine)
        if key not in shared:
            shared[key] = np.sum([use / max(rows[number].limit_bytes, 1.0) for number, use in mine], axis=0)
        result[node] = shared[key]
    return result


def _at(problem: ShardingProblem, use_of: dict[int, Costs], price: float) -> ShardingProblem:
    """The problem without rows, ``price`` seconds for a limit's worth of bytes in each node's costs."""
    nodes = list(problem.nodes)
    shared: dict[tuple[int, int], Costs] = {}
    for node, use in use_of.items():
        key = id(nodes[node].cost), id(use)
        if key not in shared:
            shared[key] = nodes[node].cost + price * use
        nodes[node] = Node(nodes[node].name, shared[key])
    return ShardingProblem(tuple(nodes), problem.edges)
