"""The core solved exactly by eliminating its nodes one by one: each becomes a table over its neighbours (bucket elimination).

Where the core is thin enough this is the optimum with nothing to prove. Tables are remembered by content: of forty equal layers
one is computed. The plan is made first, without numbers, and counts the cells that carrying it out would take.
Source: Dechter, Bucket elimination (AI'99); the order is greedy by the size of the table.
"""

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from passes.solvers.shardings.problem import Costs
from passes.solvers.shardings.shrink import Graph
from passes.solvers.shardings.tables import Tables

Factor = tuple[tuple[int, ...], int]  # the positions it speaks of (0 is the eliminated node), and its table or symbol
_LARGEST = 20_000_000  # cells of one result: 160 MB
_LARGEST_SUM = 100_000_000  # cells of all distinct results, which stay for the way back: 800 MB


@dataclass(frozen=True, slots=True)
class EliminationPlan:
    """``order``: node and its neighbours then, ascending. ``cells``: additions needed, equal ones counted once, or infinity."""

    order: tuple[tuple[int, tuple[int, ...]], ...]
    cells: float


def plan_elimination(graph: Graph, limit: float) -> EliminationPlan:
    """An order of the graph's nodes, cheapest table first; gives up, with cells = infinity, above ``limit``."""
    near = {node: set(others) for node, others in graph.near.items()}
    width = {node: len(graph.kept[node]) for node in near}
    factors = _Factors({(n,): c for n, c in graph.cost.items()}, graph.near)
    symbols: dict[object, int] = {}
    order: list[tuple[int, tuple[int, ...]]] = []
    cells, stored = 0.0, 0.0

    def size(node: int) -> float:
        return width[node] * math.prod(width[other] for other in near[node])

    heap = [(size(node), node) for node in sorted(near)]
    heapq.heapify(heap)
    while heap:
        joint, node = heapq.heappop(heap)
        if node not in near or joint != size(node):
            continue
        scope = tuple(sorted(near[node]))
        if joint / width[node] > _LARGEST:
            return EliminationPlan((), math.inf)
        order.append((node, scope))
        key = factors.take(node, scope)
        if key not in symbols:
            cells += joint * max(1, len(key) - 1)
            stored += joint / width[node]
            if cells > limit or stored > _LARGEST_SUM:
                return EliminationPlan((), math.inf)
        symbol = symbols.setdefault(key, -1 - len(symbols))
        if scope:
            factors.put(scope, symbol, lambda a, b: symbols.setdefault(("+", min(a, b), max(a, b)), -1 - len(symbols)))
        for other in scope:
            near[other] |= near[node]
            near[other] -= {other, node}
        del near[node]
        for other in scope:
            heapq.heappush(heap, (size(other), other))
    return EliminationPlan(tuple(order), cells)


def eliminate(graph: Graph, plan: EliminationPlan) -> tuple[dict[int, int], float]:
    """The best choice (positions among ``graph.kept``) and its cost in ticks, without the graph's constant."""
    tables, total = graph.tables, 0.0
    factors = _Factors({(n,): c for n, c in graph.cost.items()}, graph.near)
    steps: list[tuple[int, tuple[int, ...], tuple[Factor, ...]]] = []
    for node, scope in plan.order:
        key = factors.take(node, scope)
        steps.append((node, scope, key))
        shape = tuple(len(graph.kept[other]) for other in (node, *scope))
        answer, least = tables.once(("eliminate", shape, key), lambda s=shape, k=key: _answer(tables, s, k))
        total += least
        if scope:
            factors.put(scope, answer, tables.add)
    choice: dict[int, int] = {}
    for node, scope, key in reversed(steps):
        choice[node] = _best(tables, key, [choice[other] for other in scope], len(graph.kept[node]))
    return choice, total


class _Factors:
    """Tables over ascending scopes, found by node."""

    def __init__(self, unary: Mapping[tuple[int, ...], int], near: Mapping[int, Mapping[int, int]]) -> None:
        self._table: dict[tuple[int, ...], int] = dict(unary)
        self._of: dict[int, set[tuple[int, ...]]] = {node: set() for (node,) in unary}
        for a in near:
            for b, table in near[a].items():
                if a < b:
                    self._table[a, b] = table
        for scope in self._table:
            for node in scope:
                self._of[node].add(scope)

    def take(self, node: int, scope: Sequence[int]) -> tuple[Factor, ...]:
        """Remove the node's factors; positions are in (node, *scope), 0 where the node stands."""
        position = {other: i + 1 for i, other in enumerate(scope)}
        position[node] = 0
        found: list[Factor] = []
        for mine in sorted(self._of.pop(node)):
            for other in mine:
                if other != node:
                    self._of[other].discard(mine)
            found.append((tuple(position[other] for other in mine), self._table.pop(mine)))
        return tuple(sorted(found))

    def put(self, scope: tuple[int, ...], table: int, add: Callable[[int, int], int]) -> None:
        """Add a factor; two of one scope are added up."""
        if scope in self._table:
            table = add(table, self._table[scope])
        self._table[scope] = table
        for node in scope:
            self._of[node].add(scope)


def _answer(tables: Tables, shape: tuple[int, ...], key: tuple[Factor, ...]) -> tuple[int, float]:
    """min over position 0 of the sum of the factors, less its least entry, and that entry. One strategy at a time."""
    best = np.full(shape[1:], np.inf)
    parts = [_aligned(tables[table], positions, len(shape)) for positions, table in key]
    parts.sort(key=lambda part: part.size)
    total = np.empty(shape[1:])
    for strategy in range(shape[0]):
        small = parts[0][strategy] if parts[0].shape[0] > 1 or shape[0] == 1 else parts[0][0]
        for part in parts[1:-1]:
            small = small + part[strategy if part.shape[0] > 1 else 0]
        if len(parts) > 1:
            np.add(small, parts[-1][strategy if parts[-1].shape[0] > 1 else 0], out=total)
        else:
            total[...] = small
        np.minimum(best, total, out=best)
    least = float(best.min())
    if not np.isfinite(least):
        return tables.intern(best), least
    best -= least
    return tables.intern(best), least


def _aligned(array: Costs, positions: tuple[int, ...], rank: int) -> Costs:
    """The factor with one dim a position (1 where it does not speak of it)."""
    order = np.argsort(positions)
    shape = [1] * rank
    for axis in range(array.ndim):
        shape[positions[axis]] = array.shape[axis]
    return np.ascontiguousarray(array.transpose(order)).reshape(shape)


def _best(tables: Tables, key: tuple[Factor, ...], others: list[int], width: int) -> int:
    total = np.zeros(width)
    for positions, table in key:
        index = tuple(slice(None) if p == 0 else others[p - 1] for p in positions)
        total = total + tables[table][index]
    return int(total.argmin())
