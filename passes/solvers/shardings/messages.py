"""Dual ascent on the core: messages along edges that raise a lower bound, and choices read off on the way.

One pass visits the nodes in order: a node gathers what its earlier edges cost at least for each of its strategies, and hands its
belief in equal parts to its later edges; the next pass goes the other way. The bound never falls. Nodes of one level have no
edge between them and move together, so identical layers share numpy calls.
Source: Kolmogorov's TRW-S (PAMI'06), in the form of SRMP (PAMI'15, section 4) for pairwise edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passes.solvers.shardings.bound import Duals
from passes.solvers.shardings.core import Core
from passes.solvers.shardings.problem import Costs
from passes.solvers.shardings.tables import Indices

_GRAIN = 4  # numbers of strategies are rounded up to a multiple of this, so that edges of like sizes go together


@dataclass(frozen=True, slots=True)
class _Batch:
    """Incidences (2 * edge + side) of like sizes: ``table[i]`` is in ``stack``, as [strategy of the other end, own strategy]."""

    own: Indices
    other: Indices
    table: Indices
    stack: Costs


@dataclass(frozen=True, slots=True)
class _Level:
    """Nodes that move together, and their incidences node by node (``first``: where each node's begin)."""

    nodes: Indices
    incidences: Indices
    first: Indices
    strategies: int
    early: tuple[_Batch, ...]  # edges to earlier nodes
    late: tuple[_Batch, ...]
    hand_early: tuple[Indices, Indices]  # these edges again: incidence, position of the owner in ``nodes``
    hand_late: tuple[Indices, Indices]


@dataclass(frozen=True, slots=True)
class Point:
    """Where the ascent once stood."""

    messages: Costs
    multipliers: NDArray[np.float64]


class Messages:
    """A core without its rows; with ``multipliers`` (ticks per byte, one a row) its bytes are priced instead."""

    def __init__(self, core: Core, ceiling: float, multipliers: NDArray[np.float64] | None = None) -> None:
        """``ceiling``: ticks that no choice of interest exceeds; what costs more costs this (a lower bound stays one)."""
        self.core = core
        self.multipliers = np.zeros(len(core.limits)) if multipliers is None else multipliers
        self._sizes = np.array([len(cost) for cost in core.costs], dtype=np.intp)
        self._width = -(-int(self._sizes.max()) // _GRAIN) * _GRAIN
        self._far = 8.0 * ceiling  # of padding
        self._costs = np.full((len(self._sizes), self._width), self._far)
        for node, cost in enumerate(core.costs):
            self._costs[node, : len(cost)] = np.minimum(cost, ceiling)
        self._unpriced = self._costs
        self._users = np.array(sorted(core.uses), dtype=np.intp)
        self._uses = np.zeros((len(core.limits), len(self._users), self._width))  # bytes [row, user, strategy]
        for i, node in enumerate(self._users.tolist()):
            self._uses[:, i, : self._sizes[node]] = core.uses[node]
        self.reprice(self.multipliers)
        self._node_of = np.array([(a, b) for a, b, _ in core.edges], dtype=np.intp).reshape(-1)  # of each incidence
        self._arrays, self._table_of = self._distinct(ceiling)
        self._messages = np.zeros((len(self._node_of), self._width))
        self._levels = self._make_levels()
        self._work = np.empty(
            max((b.own.size * b.stack[0].size for lv in self._levels for b in lv.early + lv.late), default=0)
        )
        later = np.bincount(self._node_of[0::2], minlength=len(self._sizes))
        earlier = np.bincount(self._node_of[1::2], minlength=len(self._sizes))
        self._share = 1.0 / np.maximum(np.maximum(later, earlier), 1)

    def reprice(self, multipliers: NDArray[np.float64]) -> None:
        """Other prices for the rows; the messages stay, and with them most of the bound."""
        self.multipliers = multipliers
        self._costs = self._unpriced.copy()
        self._costs[self._users] += np.tensordot(multipliers, self._uses, axes=1)

    def used(self, choice: Sequence[int]) -> NDArray[np.float64]:
        """Bytes of each row (the core's own sum is slower)."""
        taken = np.asarray(choice, dtype=np.intp)[self._users]
        return self._uses[:, np.arange(len(taken)), taken].sum(axis=1)

    def sweep(self, *, forward: bool) -> None:
        """One pass over all nodes, first to last or last to first."""
        messages = self._messages
        for level in self._levels if forward else reversed(self._levels):
            for batch in level.early if forward else level.late:
                messages[batch.own, : batch.stack.shape[2]] = self._gather(batch)
            hand, owner = level.hand_late if forward else level.hand_early
            if len(hand):
                k = level.strategies
                belief = self._costs[level.nodes, :k] + np.add.reduceat(
                    messages[level.incidences, :k], level.first, axis=0
                )
                belief *= self._share[level.nodes, None]
                messages[hand, :k] -= belief[owner]

    def bound(self) -> float:
        """What the messages prove: no choice costs less, in ticks."""
        totals = self._costs.copy()
        np.add.at(totals, self._node_of, self._messages)
        totals[np.arange(self._width) >= self._sizes[:, None]] = np.inf
        bound = float(totals.min(axis=1).sum())
        for level in self._levels:
            for batch in level.early:
                rest = self._gather(batch) - self._messages[batch.own, : batch.stack.shape[2]]
                bound += float(rest.min(axis=1).sum())
        return bound - float(self.multipliers @ self.core.limits)

    def read_choice(self) -> list[int]:
        """A choice: each node in order takes the best, given its earlier neighbours and the messages of later edges."""
        choice = self._costs.argmin(axis=1)
        for level in self._levels:
            total = self._costs[level.nodes] + 0.0
            place = np.empty(len(self._sizes), dtype=np.intp)
            place[level.nodes] = np.arange(len(level.nodes))
            late, owner = level.hand_late
            np.add.at(total, owner, self._messages[late])
            for batch in level.early:
                paid = batch.stack[batch.table, choice[self._node_of[batch.other]]]
                np.add.at(total[:, : paid.shape[1]], place[self._node_of[batch.own]], paid)
            total[np.arange(self._width) >= self._sizes[level.nodes, None]] = np.inf
            choice[level.nodes] = total.argmin(axis=1)
        return choice.tolist()

    def point(self) -> Point:
        """Where the ascent stands, to go back to."""
        return Point(self._messages.copy(), self.multipliers)

    def go_to(self, point: Point) -> None:
        """Stand there again."""
        self._messages[...] = point.messages
        self.reprice(point.multipliers)

    def duals(self) -> Duals:
        """The messages as multipliers of the core's edges."""
        pairs = [
            (self._messages[2 * e, : self._sizes[a]].copy(), self._messages[2 * e + 1, : self._sizes[b]].copy())
            for e, (a, b, _) in enumerate(self.core.edges)
        ]
        return Duals(tuple(pairs), self.multipliers)

    def _gather(self, batch: _Batch) -> Costs:
        """[incidence, own strategy]: the least that the edge costs, less what the other end's message says."""
        _, others, own = batch.stack.shape
        work = self._work[: len(batch.own) * others * own].reshape(len(batch.own), others, own)
        np.take(
            batch.stack, batch.table, axis=0, out=work, mode="clip"
        )  # into one buffer: fresh pages cost more than the sums
        np.subtract(work, self._messages[batch.other, :others, None], out=work)
        while others > 1:  # halves onto halves: numpy's own min over a short axis is several times slower
            half = others // 2
            np.minimum(work[:, :half], work[:, others - half : others], out=work[:, :half])
            others -= half
        return work[:, 0]

    def _distinct(self, ceiling: float) -> tuple[list[Costs], Indices]:
        """Every distinct table seen from either end, [other, own]; the table of each incidence."""
        number: dict[tuple[int, int], int] = {}
        arrays: list[Costs] = []
        table_of: list[int] = []
        for _, _, cost in self.core.edges:
            for side in (0, 1):
                key = (id(cost), side)
                if key not in number:
                    number[key] = len(arrays)
                    arrays.append(np.minimum(cost.T if side == 0 else cost, ceiling))
                table_of.append(number[key])
        return arrays, np.array(table_of, dtype=np.intp)

    def _make_levels(self) -> list[_Level]:
        """Levels of the node order: one more than the highest level of an earlier neighbour."""
        incidences: list[list[int]] = [[] for _ in self.core.costs]
        for incidence, node in enumerate(self._node_of.tolist()):
            incidences[node].append(incidence)
        level_of: list[int] = []
        levels: list[list[int]] = []
        for node, near in enumerate(self.core.near):
            level = max((level_of[other] + 1 for other, _ in near if other < node), default=0)
            level_of.append(level)
            if level == len(levels):
                levels.append([])
            if near:
                levels[level].append(node)
        return [self._level(nodes, incidences) for nodes in levels if nodes]

    def _level(self, nodes: list[int], incidences: list[list[int]]) -> _Level:
        mine = np.array([i for node in nodes for i in incidences[node]], dtype=np.intp)
        counts = np.array([len(incidences[node]) for node in nodes], dtype=np.intp)
        owner = np.repeat(np.arange(len(nodes), dtype=np.intp), counts)
        early = self._node_of[mine ^ 1] < self._node_of[mine]
        return _Level(
            nodes=np.array(nodes, dtype=np.intp),
            incidences=mine,
            first=(np.cumsum(counts) - counts).astype(np.intp),
            strategies=-(-int(self._sizes[nodes].max()) // _GRAIN) * _GRAIN,
            early=self._batches(mine[early]),
            late=self._batches(mine[~early]),
            hand_early=(mine[early], owner[early]),
            hand_late=(mine[~early], owner[~early]),
        )

    def _batches(self, incidences: Indices) -> tuple[_Batch, ...]:
        groups: dict[tuple[int, int], list[int]] = {}
        rounded = -(-self._sizes // _GRAIN) * _GRAIN
        for i in incidences.tolist():
            groups.setdefault((int(rounded[self._node_of[i ^ 1]]), int(rounded[self._node_of[i]])), []).append(i)
        return tuple(self._batch(np.array(mine, dtype=np.intp), shape) for shape, mine in sorted(groups.items()))

    def _batch(self, own: Indices, shape: tuple[int, int]) -> _Batch:
        numbers = sorted(set(self._table_of[own].tolist()))
        stack = np.full((len(numbers), *shape), self._far)
        for i, number in enumerate(numbers):
            array = self._arrays[number]
            stack[i, : array.shape[0], : array.shape[1]] = array
        return _Batch(own, own ^ 1, np.searchsorted(numbers, self._table_of[own]).astype(np.intp), stack)
