"""The intra-operator problem as numbers: choose one strategy a node at the least total cost, inside memory limits.

    minimise   sum_n cost_n[s_n] + sum_e cost_e[s_a, s_b]      subject to      sum_n use_r,n[s_n] <= limit_r   for each row r

and, on top, seconds for each bucket in which collectives travel together (``Charge``).

Source: Alpa (OSDI'22) section 4.2, equation 1, with memory rows for chosen moments. Seconds; infinity forbids. No IR here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from passes.solvers.program import Backend as Backend  # who hands a problem to a solver says to which

Costs = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A choice among ``len(cost)`` strategies. Nodes of repeated layers share the same array objects."""

    name: str
    cost: Costs


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """``cost[s_a, s_b]`` is paid when node ``a`` takes s_a and node ``b`` takes s_b; a < b, several edges a pair are allowed."""

    a: int
    b: int
    cost: Costs


@dataclass(frozen=True, slots=True, eq=False)
class MemoryRow:
    """What lives on a device at one moment: node -> bytes of each of its strategies."""

    name: str
    limit_bytes: float
    bytes_of: Mapping[int, Costs]

    def no_looser_than(self, other: "MemoryRow") -> bool:
        """Whether no node takes less here than in ``other``, and no more is allowed."""
        same = self.limit_bytes <= other.limit_bytes and self.bytes_of.keys() == other.bytes_of.keys()
        return same and all(bool(np.all(use >= other.bytes_of[node])) for node, use in self.bytes_of.items())


@dataclass(frozen=True, slots=True, eq=False)
class Charge:
    """``seconds`` for each bucket of collectives that travel as one, of at most ``limit_bytes``.

    ``bytes_of``: edge -> what each pair of strategies puts into a bucket, 0: nothing. Edges are in the order of the program.
    """

    name: str
    seconds: float
    limit_bytes: float
    bytes_of: Mapping[int, Costs]

    def buckets(self, sizes: Iterable[float]) -> int:
        """How many buckets take ``sizes``, filled as ``passes/partition/buckets.py`` fills them."""
        count, filled = 0, 0.0
        for size in sizes:
            if not count or filled + size > self.limit_bytes:
                count, filled = count + 1, 0.0
            filled += size
        return count


@dataclass(frozen=True, slots=True, eq=False)
class ShardingProblem:
    """Nodes, edges between their indices, memory rows, and charges, which no edge has: ``solve_sharding`` leaves them out."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    rows: tuple[MemoryRow, ...] = ()
    charges: tuple[Charge, ...] = ()

    def objective(self, choice: Sequence[int]) -> float:
        """The cost of one strategy a node, in seconds."""
        nodes = sum(float(node.cost[s]) for node, s in zip(self.nodes, choice, strict=True))
        edges = sum(float(edge.cost[choice[edge.a], choice[edge.b]]) for edge in self.edges)
        return nodes + edges + sum(self.charged(choice))

    def charged(self, choice: Sequence[int]) -> tuple[float, ...]:
        """Seconds of each charge."""
        return tuple(charge.seconds * charge.buckets(self.joined(charge, choice)) for charge in self.charges)

    def joined(self, charge: Charge, choice: Sequence[int]) -> list[float]:
        """The bytes of each member of the buckets of a charge."""
        found = ((self.edges[e], table) for e, table in charge.bytes_of.items())
        sizes = (float(table[choice[edge.a], choice[edge.b]]) for edge, table in found)
        return [size for size in sizes if size]

    def used_bytes(self, choice: Sequence[int]) -> tuple[float, ...]:
        """What each memory row adds up to."""
        return tuple(sum(float(use[choice[node]]) for node, use in row.bytes_of.items()) for row in self.rows)

    def fits(self, choice: Sequence[int]) -> bool:
        """Whether a choice keeps all limits."""
        return all(used <= row.limit_bytes for used, row in zip(self.used_bytes(choice), self.rows, strict=True))

    def cost_key(self) -> bytes:
        """A SHA-256 of the costs of nodes, edges and charges, in their order, whatever these are called."""
        found, known = sha256(f"{len(self.nodes)} {len(self.edges)}".encode()), dict[int, bytes]()

        def table(cost: Costs) -> bytes:
            if id(cost) not in known:  # repeated layers share their arrays
                known[id(cost)] = sha256(f"{cost.shape}".encode() + cost.tobytes()).digest()
            return known[id(cost)]

        for node in self.nodes:
            found.update(table(node.cost))
        for edge in self.edges:
            found.update(f"{edge.a} {edge.b}".encode() + table(edge.cost))
        for charge in self.charges:
            found.update(f"{charge.seconds} {charge.limit_bytes} {len(charge.bytes_of)}".encode())
            for e, sizes in charge.bytes_of.items():
                found.update(f"{e}".encode() + table(sizes))
        return found.digest()

    def no_looser_than(self, other: "ShardingProblem") -> bool:
        """Whether row by row every choice that keeps these limits keeps those of ``other``, seen without solving anything."""
        pairs = list(zip(self.rows, other.rows, strict=False))
        return len(self.rows) == len(other.rows) and all(mine.no_looser_than(theirs) for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class Certificate:
    """How good a solution is, and what it took. ``gap`` = (objective - bound) / objective; 0.0 is proved optimal."""

    objective_s: float
    bound_s: float
    gap: float
    method: str  # "shrinking" | "elimination" | "dual bound" | "lp" | "branch and bound" | the name of a chooser
    num_nodes: int
    num_edges: int
    core_nodes: int
    core_edges: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ShardingSolution:
    """``choice[n]``: the strategy of node n."""

    choice: tuple[int, ...]
    certificate: Certificate
    used_bytes: tuple[float, ...] = field(default=())


class OutOfMemory(Exception):
    """No choice fits: ``smallest[row name]`` is the least that row can be (alone), ``limit`` what it may be."""

    def __init__(self, smallest: Mapping[str, float], limits: Mapping[str, float]) -> None:
        super().__init__("no choice of shardings fits the memory")
        self.smallest, self.limits = dict(smallest), dict(limits)


class NoneFound(TimeoutError):
    """The search ended before it found a choice inside the rows; there may be one, of ``bound_s`` seconds or more."""

    def __init__(self, bound_s: float) -> None:
        super().__init__("no choice of shardings inside the memory was found in the time allowed")
        self.bound_s = bound_s
