"""Dual ascent on the core: messages along edges that raise a lower bound, and choices read off on the way.

One pass visits the nodes in order: a node gathers what its earlier edges cost at least for each of its strategies, and hands its
belief in equal parts to its later edges; the next pass goes the other way. The bound never falls. Nodes of one level have no
edge between them and move together, so identical layers share numpy calls.
Source: Kolmogorov's TRW-S (PAMI'06), in the form of SRMP (PAMI'15, section 4) for pairwise edges.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passes.solvers.bound import Duals
from passes.solvers.core import Core
from passes.solvers.sharding_problem import Costs
from passes.solvers.tables import Indices


@dataclass(frozen=True, slots=True)
class _Level:
    """Nodes that move together. An incidence is 2 * edge + side; ``first``: where each node's incidences start (reduceat)."""

    nodes: Indices
    incidences: Indices  # of these nodes, node by node
    first: Indices
    owner: Indices  # position in ``nodes`` of each incidence
    early: Indices  # positions in ``incidences`` whose other end is an earlier node
    late: Indices
    strategies: int
    early_others: int  # the most strategies of any other end of an early edge
    late_others: int


class Messages:
    """``core`` without its rows; with ``multipliers`` (ticks per byte, one a row) bytes are priced instead."""

    def __init__(self, core: Core, ceiling: float, multipliers: NDArray[np.float64] | None = None) -> None:
        """``ceiling``: ticks that no cost of interest exceeds; what is infinite costs this (a lower bound stays one)."""
        self.core = core
        self.multipliers = np.zeros(len(core.limits)) if multipliers is None else multipliers
        sizes = np.array([len(cost) for cost in core.costs], dtype=np.intp)
        width = int(sizes.max())
        self._sizes, self._ceiling = sizes, ceiling
        self._costs = np.full((len(sizes), width), 4.0 * ceiling)
        for node, cost in enumerate(core.costs):
            self._costs[node, : len(cost)] = np.minimum(cost, ceiling)
        for node, use in core.uses.items():
            self._costs[node, : sizes[node]] += self.multipliers @ use
        self._tables, self._table_of = self._stack(core, width, ceiling)
        ends = np.array([(a, b) for a, b, _ in core.edges], dtype=np.intp).reshape(-1, 2)
        self._node_of = ends.ravel()  # of each incidence
        self._messages = np.zeros((2 * len(core.edges), width))
        self._levels = self._make_levels()
        degree = np.zeros((2, len(sizes)), dtype=np.intp)  # edges to later, to earlier nodes
        np.add.at(degree[0], ends[:, 0], 1)
        np.add.at(degree[1], ends[:, 1], 1)
        self._share = 1.0 / np.maximum(degree.max(axis=0), 1)

    def _stack(self, core: Core, width: int, ceiling: float) -> tuple[Costs, Indices]:
        """Every distinct table seen from either end, padded with zeros; the table of each incidence."""
        number: dict[tuple[int, int], int] = {}
        arrays: list[Costs] = []
        table_of = np.empty(2 * len(core.edges), dtype=np.intp)
        for edge, (_, _, cost) in enumerate(core.edges):
            for side in (0, 1):
                key = (id(cost), side)
                if key not in number:
                    number[key] = len(arrays)
                    arrays.append(cost if side == 0 else cost.T)
                table_of[2 * edge + side] = number[key]
        stacked = np.full((len(arrays), width, width), 4.0 * ceiling)
        for i, array in enumerate(arrays):
            stacked[i, : array.shape[0], : array.shape[1]] = np.minimum(array, ceiling)
        return stacked, table_of

    def _make_levels(self) -> list[_Level]:
        """Levels of the node order: one more than the highest level of an earlier neighbour."""
        core = self.core
        incidences: list[list[int]] = [[] for _ in core.costs]
        for edge, (a, b, _) in enumerate(core.edges):
            incidences[a].append(2 * edge)
            incidences[b].append(2 * edge + 1)
        level_of: list[int] = []
        levels: list[list[int]] = []
        for node, near in enumerate(core.near):
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
        others = self._sizes[self._node_of[mine ^ 1]]
        return _Level(
            nodes=np.array(nodes, dtype=np.intp),
            incidences=mine,
            first=np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.intp),
            owner=owner,
            early=np.flatnonzero(early),
            late=np.flatnonzero(~early),
            strategies=int(self._sizes[nodes].max()),
            early_others=int(others[early].max(initial=0)),
            late_others=int(others[~early].max(initial=0)),
        )

    def sweep(self, *, forward: bool) -> None:
        """One pass over all nodes, first to last or last to first."""
        messages = self._messages
        for level in self._levels if forward else reversed(self._levels):
            gather, hand, width = (
                (level.early, level.late, level.early_others)
                if forward
                else (level.late, level.early, level.late_others)
            )
            own, k = level.incidences[gather], level.strategies
            if len(own):
                tables = self._tables[self._table_of[own], :k, :width]
                messages[own, :k] = (tables - messages[own ^ 1, None, :width]).min(axis=2)
            hand_to = level.incidences[hand]
            if len(hand_to):
                belief = self._costs[level.nodes, :k] + np.add.reduceat(
                    messages[level.incidences, :k], level.first, axis=0
                )
                belief *= self._share[level.nodes, None]
                messages[hand_to, :k] -= belief[level.owner[hand]]

    def read_choice(self) -> list[int]:
        """A choice: each node in order takes the best given its earlier neighbours and what later edges say. After a backward pass."""
        choice = np.zeros(len(self._sizes), dtype=np.intp)
        choice[:] = self._costs.argmin(axis=1)
        for level in self._levels:
            costs = self._messages[level.incidences]
            early = level.incidences[level.early]
            costs[level.early] = self._tables[self._table_of[early], :, choice[self._node_of[early ^ 1]]]
            total = self._costs[level.nodes] + np.add.reduceat(costs, level.first, axis=0)
            choice[level.nodes] = total.argmin(axis=1)
        return choice.tolist()

    def duals(self) -> Duals:
        """The messages as multipliers of the core's edges."""
        pairs = [
            (self._messages[2 * e, : self._sizes[a]].copy(), self._messages[2 * e + 1, : self._sizes[b]].copy())
            for e, (a, b, _) in enumerate(self.core.edges)
        ]
        return Duals(tuple(pairs), self.multipliers)
