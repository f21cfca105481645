"""The sharding problem made smaller, exactly: what is left is the core, and its best choice extends to a best choice of all.

    forbidden strategies out; several edges of a pair added; what an edge costs whatever the other end does, moved to the node;
    edges of nothing out; dominated strategies out; nodes with one strategy folded into their neighbours;
    nodes of degree 0, 1, 2 eliminated: their best answer to each choice of the neighbours becomes a node cost (R1), an edge (R2).

Nodes in a memory row keep their identity (they are never eliminated), and strategies there also compare by bytes.
Source: Scholz and Eckstein (LCTES'02) for the PBQP reductions. All work is remembered by content: identical layers cost once.
"""

import copy
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from passes.solvers.shardings.dominance import undominated
from passes.solvers.shardings.problem import Costs, MemoryRow, ShardingProblem
from passes.solvers.shardings.tables import Indices, Tables


class NoFiniteChoice(ValueError):
    """Some node has no strategy of finite cost left, whatever the others take."""


@dataclass(frozen=True, slots=True)
class _Step:
    """``node`` was eliminated: it takes the best answer to its neighbours, (neighbour, table, the strategies it had then)."""

    node: int
    cost: int
    kept: Indices
    answers_to: tuple[tuple[int, int, Indices], ...]


class Graph:
    """Nodes and edges that are left. ``near[a][b]`` is the table [strategy of a, strategy of b]; ``kept``: original strategies."""

    def __init__(self, tables: Tables, problem: ShardingProblem, rows: Sequence[MemoryRow] = ()) -> None:
        self.tables = tables
        self.constant = 0.0  # ticks
        self.rows = tuple(rows)
        self.row_base = np.zeros(len(rows))  # bytes of nodes that were folded
        self.cost = {number: tables.read(node.cost) for number, node in enumerate(problem.nodes)}
        self.kept: dict[int, Indices] = {n: np.arange(len(node.cost)) for n, node in enumerate(problem.nodes)}
        self.near: dict[int, dict[int, int]] = {n: {} for n in range(len(problem.nodes))}
        self.uses = self._read_rows(problem)
        self.steps: list[_Step] = []
        self.queue: deque[int] = deque(range(len(problem.nodes)))
        self.queued = set(self.queue)
        for edge in problem.edges:
            self._put(edge.a, edge.b, tables.read(edge.cost))

    def _read_rows(self, problem: ShardingProblem) -> dict[int, int]:
        """Node -> table of bytes [row, strategy], for nodes in some row where bytes depend on the strategy or are not zero."""
        members = sorted({node for row in self.rows for node in row.bytes_of})
        uses: dict[int, int] = {}
        for node in members:
            parts = [row.bytes_of.get(node) for row in self.rows]
            key = ("uses", *(id(part) for part in parts), len(problem.nodes[node].cost))
            width = len(problem.nodes[node].cost)
            stacked = [np.zeros(width) if part is None else np.asarray(part, dtype=np.float64) for part in parts]
            uses[node] = self.tables.once(key, lambda s=stacked: self.tables.intern(np.stack(s)))
        return uses

    def shrink(self) -> None:
        """Apply every reduction until none applies."""
        while self.queue:
            node = self.queue.popleft()
            self.queued.discard(node)
            if node in self.cost:
                self._visit(node)

    def copy(self) -> "Graph":
        """The same graph, to be shrunk further apart from this one; tables are shared."""
        other = copy.copy(self)
        other.cost, other.kept, other.uses = dict(self.cost), dict(self.kept), dict(self.uses)
        other.near = {node: dict(near) for node, near in self.near.items()}
        other.steps, other.queue, other.queued = list(self.steps), deque(self.queue), set(self.queued)
        return other

    def restrict(self, node: int, keep: Indices) -> None:
        """Leave only some of a node's strategies (positions, ascending)."""
        tables = self.tables
        self.cost[node] = tables.take(self.cost[node], keep, 0)
        self.kept[node] = self.kept[node][keep]
        if node in self.uses:
            self.uses[node] = tables.take(self.uses[node], keep, 1)
        for other, table in list(self.near[node].items()):
            self._drop(node, other)
            self._put(node, other, tables.take(table, keep, 0))
        self._wake(node)

    def extend(self, core: Mapping[int, int]) -> tuple[int, ...]:
        """A choice for every node of the problem, from positions among ``kept`` for the nodes that are left."""
        choice = {node: int(self.kept[node][position]) for node, position in core.items()}
        for step in reversed(self.steps):
            cost = self.tables[step.cost]
            for other, table, kept in step.answers_to:
                cost = cost + self.tables[table][:, int(np.searchsorted(kept, choice[other]))]
            choice[step.node] = int(step.kept[int(cost.argmin())])
        return tuple(choice[node] for node in range(len(choice)))

    def _wake(self, node: int) -> None:
        if node not in self.queued:
            self.queued.add(node)
            self.queue.append(node)

    def _drop(self, a: int, b: int) -> None:
        del self.near[a][b], self.near[b][a]

    def _put(self, a: int, b: int, table: int) -> None:
        """Add an edge, normalised: the least of every row and column is moved to the nodes; an edge of nothing is none."""
        tables = self.tables
        if b in self.near[a]:
            table = tables.add(table, self.near[a][b])
            self._drop(a, b)
        rest, rows, columns = tables.once(("split", table), lambda: _split(tables, table))
        for node, extra in ((a, rows), (b, columns)):
            if extra is not None:
                self.cost[node] = tables.add(self.cost[node], extra)
        if rest is not None:
            self.near[a][b] = rest
            self.near[b][a] = tables.transpose(rest)
        self._wake(a)
        self._wake(b)

    def _visit(self, node: int) -> None:
        cost = self.tables[self.cost[node]]
        finite = np.isfinite(cost)
        if not finite.any():
            raise NoFiniteChoice(f"node {node} has no strategy of finite cost")
        if not finite.all():
            return self.restrict(node, np.flatnonzero(finite))
        if len(cost) == 1:
            return self._fold(node)
        near = self.near[node]
        if node in self.uses and self._uses_the_same(node):
            self.row_base = self.row_base + self.tables[self.uses.pop(node)][:, 0]
        if node not in self.uses and len(near) <= 2:
            return self._eliminate(node)
        keep = undominated(self.tables, self.cost[node], list(near.values()), self.uses.get(node))
        if keep is not None:
            self.restrict(node, keep)

    def _uses_the_same(self, node: int) -> bool:
        """Whether all strategies left use the same bytes of every row, which then are no matter of choice."""
        table = self.uses[node]
        return self.tables.once(("constant", table), lambda: bool(np.ptp(self.tables[table], axis=1).max() == 0))

    def _fold(self, node: int) -> None:
        """One strategy: its rows are node costs of the neighbours."""
        for other, table in list(self.near[node].items()):
            self.cost[other] = self.tables.add(self.cost[other], self.tables.row(table, 0))
            self._drop(node, other)
            self._wake(other)
        if node in self.uses:
            self.row_base = self.row_base + self.tables[self.uses[node]][:, 0]
        self._eliminate(node)

    def _eliminate(self, node: int) -> None:
        """Degree 0, 1 or 2: the best answer of the node to what its neighbours take."""
        tables, cost = self.tables, self.cost[node]
        near = sorted(self.near[node].items())
        self.steps.append(_Step(node, cost, self.kept[node], tuple((o, table, self.kept[o]) for o, table in near)))
        for other, _ in near:
            self._drop(node, other)
            self._wake(other)
        if not near:
            self.constant += float(tables[cost].min())
        if len(near) == 1:
            (other, table), *_ = near
            answer = tables.once(
                ("R1", cost, table), lambda: tables.intern((tables[cost][:, None] + tables[table]).min(0))
            )
            self.cost[other] = tables.add(self.cost[other], answer)
        if len(near) == 2:
            (a, first), (b, second) = near
            self._put(a, b, tables.once(("R2", cost, first, second), lambda: _answer(tables, cost, first, second)))
        del self.cost[node], self.near[node], self.kept[node]
        self.uses.pop(node, None)


def _answer(tables: Tables, cost: int, first: int, second: int) -> int:
    """R2: [s_a, s_b] -> min over the eliminated node; one row at a time, to stay in the cache."""
    left = tables[cost][:, None] + tables[first]
    right = tables[second]
    result = np.empty((left.shape[1], right.shape[1]))
    for row in range(left.shape[1]):
        result[row] = (left[:, row, None] + right).min(axis=0)
    return tables.intern(result)


def _split(tables: Tables, table: int) -> tuple[int | None, int | None, int | None]:
    """What is left of an edge, what its rows cost whatever the column is, and what its columns then cost; None is nothing."""
    array = tables[table]
    rows = array.min(axis=1)
    array = array - _finite(rows)[:, None]
    columns = array.min(axis=0)
    array = array - _finite(columns)[None, :]
    array[np.isinf(rows)] = 0.0  # the infinity is in the node now
    array[:, np.isinf(columns)] = 0.0
    return (
        tables.intern(array) if array.any() else None,
        tables.intern(rows) if rows.any() else None,
        tables.intern(columns) if columns.any() else None,
    )


def _finite(costs: Costs) -> Costs:
    return np.where(np.isinf(costs), 0.0, costs)
