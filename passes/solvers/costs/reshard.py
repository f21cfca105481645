"""From one sharding to another by the cheapest sequence of collectives: a shortest path over the moves of ``reshard_moves``.

The graph depends on the rank and the mesh only, the weights are lines in the tensor's bytes: alpha + bytes * beta. One all-pairs
search (Floyd and Warshall, one numpy operation a state) answers every pair of one (rank, bytes, dims that divide), and is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from dialects.sharding import Sharding
from passes.solvers.costs.mesh_costs import Kind, MeshCosts
from passes.solvers.costs.reshard_moves import Move, all_states, is_canonical, local_key, moves

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# What may travel in one buffer with others of its kind (passes/partition/buckets.py).
JOINED: tuple[Kind, ...] = ("all_gather", "all_reduce", "reduce_scatter")

# On top of each step: of equally fast sequences the shortest wins, then the one with the fewest axes; and no step is free.
_STEP_S, _AXIS_S = 1e-9, 1e-11


@dataclass(frozen=True, slots=True)
class Step:
    """One collective of a sequence, as a ``Move``; ``num_bytes`` a device of the larger side, ``seconds`` with its nanosecond.

    ``joins``: it travels in a bucket with others, whose latency is not in its seconds.
    """

    kind: Kind
    axes: tuple[str, ...]
    dims: tuple[int, ...]
    after: Sharding
    num_bytes: float
    seconds: float
    joins: bool = False


class Resharder:
    """The cheapest reshards on one mesh, with what has been found kept."""

    def __init__(self, costs: MeshCosts) -> None:
        self._costs = costs
        self._graphs: dict[int, _Graph] = {}
        self._found: dict[tuple[int, float, float, float, bytes], Floats] = {}

    def states(self, rank: int) -> tuple[Sharding, ...]:
        """All shardings of a tensor of ``rank``: each axis unused, on one dim or unreduced, axes of one dim in mesh order."""
        return self._graph(rank).canonical

    def matrix(
        self,
        shape: Sequence[int],
        element_bytes: float,
        sources: Sequence[Sharding],
        targets: Sequence[Sharding],
        sum_bytes: float | None = None,
        bucket_bytes: float = 0.0,
    ) -> Floats:
        """Seconds [source, target] of the cheapest sequence: 0 to itself, inf where a dim does not divide or a sum comes undone.

        ``sum_bytes``: what an element takes on the way when it is summed, if not ``element_bytes`` (narrow types are summed wide).
        ``bucket_bytes``: collectives of a kind in ``JOINED`` that fit into so many bytes travel in a bucket: no latency here.
        """
        graph = self._graph(len(shape))
        distances = self._distances(graph, shape, element_bytes, sum_bytes or element_bytes, bucket_bytes)
        return distances[np.ix_(graph.indices(sources), graph.indices(targets))]

    def path(
        self,
        shape: Sequence[int],
        element_bytes: float,
        source: Sharding,
        target: Sharding,
        sum_bytes: float | None = None,
        bucket_bytes: float = 0.0,
    ) -> tuple[Step, ...] | None:
        """That sequence; () between equals, None where ``matrix`` says inf. Its seconds add up to the entry of ``matrix``."""
        graph = self._graph(len(shape))
        num_bytes, wide = element_bytes * prod(shape), (sum_bytes or element_bytes) / element_bytes
        distances = self._distances(graph, shape, element_bytes, element_bytes * wide, bucket_bytes)
        to_target = distances[:, graph.number[target]]
        at, end = graph.number[source], graph.number[target]
        if not np.isfinite(to_target[at]):
            return None
        steps: list[Step] = []
        weights = graph.weights(num_bytes, wide, bucket_bytes)
        while at != end:
            first, last = graph.starts[at], graph.starts[at + 1]
            best = first + int(np.argmin(weights[first:last] + to_target[graph.target[first:last]]))
            move = graph.moves[best]
            larger = num_bytes * (wide if graph.sums[best] else 1.0) / float(graph.parts[best])
            joins = move.kind in JOINED and 0 < larger <= bucket_bytes
            steps.append(Step(move.kind, move.axes, move.dims, move.after, larger, float(weights[best]), joins))
            at = int(graph.target[best])
        return tuple(steps)

    def _graph(self, rank: int) -> "_Graph":
        if rank not in self._graphs:
            self._graphs[rank] = _Graph(rank, self._costs)
        return self._graphs[rank]

    def _distances(
        self, graph: "_Graph", shape: Sequence[int], element_bytes: float, sum_bytes: float, bucket_bytes: float
    ) -> Floats:
        num_bytes, wide = element_bytes * prod(shape), sum_bytes / element_bytes
        allowed = graph.allowed(shape)
        key = (len(shape), num_bytes, wide, bucket_bytes, np.packbits(allowed).tobytes())
        if key not in self._found:
            self._found[key] = _all_pairs(graph, graph.weights(num_bytes, wide, bucket_bytes), allowed)
        return self._found[key]


class _Graph:
    """States numbered, moves sorted by the state that they leave; ``starts[s] .. starts[s + 1] - 1`` leave s."""

    def __init__(self, rank: int, costs: MeshCosts) -> None:
        self._costs, mesh = costs, costs.mesh
        self.states = all_states(rank, mesh)
        self.canonical = tuple(state for state in self.states if is_canonical(state, mesh))
        self.number = {state: index for index, state in enumerate(self.states)}
        self.dim_parts = np.array([[mesh.size(dim) for dim in state.dims] for state in self.states], np.int64)
        alike: dict[tuple[object, ...], list[Sharding]] = {}
        for state in self.states:
            alike.setdefault(local_key(state, mesh), []).append(state)
        out = [tuple(moves(state, mesh, alike)) for state in self.states]
        self.moves: tuple[Move, ...] = tuple(move for group in out for move in group)
        self.sums = np.array([move.kind in ("all_reduce", "reduce_scatter") for move in self.moves], np.bool_)
        self.joinable = np.array([move.kind in JOINED for move in self.moves], np.bool_)
        self.starts = np.cumsum([0, *(len(group) for group in out)])
        self.source = np.repeat(np.arange(len(out)), [len(group) for group in out])
        self.target: Ints = np.array([self.number[move.after] for move in self.moves], np.int64)
        befores = [self.states[index] for index in self.source]
        parts = [move.larger_parts(before, mesh) for move, before in zip(self.moves, befores, strict=True)]
        self.parts = np.array(parts, np.float64)
        self._ties = np.array([_STEP_S + _AXIS_S * len(move.axes) for move in self.moves])

    def indices(self, shardings: Sequence[Sharding]) -> Ints:
        """The numbers of some states."""
        return np.array([self.number[sharding] for sharding in shardings], np.int64)

    def allowed(self, shape: Sequence[int]) -> NDArray[np.bool_]:
        """Which states split every dim evenly."""
        return (np.array(shape, np.int64) % self.dim_parts == 0).all(axis=1)

    def weights(self, num_bytes: float, wide: float = 1.0, bucket_bytes: float = 0.0) -> Floats:
        """Seconds of every move of a tensor of ``num_bytes`` in all; sums move ``wide`` times as many; buckets as in ``matrix``."""
        alphas, betas = self._lines
        moved = num_bytes * np.where(self.sums, wide, 1.0)
        alone = (alphas + moved * betas).min(axis=0)
        joins = self.joinable & (moved > 0) & (moved / self.parts <= bucket_bytes)
        return np.where(joins, moved * betas[-1], alone) + self._ties

    @cached_property
    def _lines(self) -> tuple[Floats, Floats]:
        """(alpha, beta a byte of the whole tensor) of each algorithm [k, move]; moves with fewer repeat their last."""
        lines = [self._costs.collective_lines(move.kind, move.axes) for move in self.moves]
        most = max((len(group) for group in lines), default=1)
        padded = np.array([[*group, *[group[-1]] * (most - len(group))] for group in lines], np.float64)
        padded = padded.reshape(len(lines), most, 2)
        return padded[:, :, 0].T, padded[:, :, 1].T / self.parts


def _all_pairs(graph: _Graph, weights: Floats, allowed: NDArray[np.bool_]) -> Floats:
    size = len(graph.states)
    distance = np.full((size, size), np.inf)
    usable = allowed[graph.source] & allowed[graph.target]
    np.minimum.at(distance, (graph.source[usable], graph.target[usable]), weights[usable])
    kept = np.flatnonzero(allowed)
    distance[kept, kept] = 0.0
    inner = distance[np.ix_(kept, kept)]
    for middle in range(len(kept)):
        np.minimum(inner, inner[:, middle, None] + inner[middle], out=inner)
    distance[np.ix_(kept, kept)] = inner
    return distance
