"""From the graph of choices to numbers: seconds of every strategy and of every reshard.

Node: the op's own time on a device under each strategy (roofline over what it moves once chains are fused), plus the reduction
that finishes a max or min and the rows that windows read of neighbours. Edge: the cheapest sequence of collectives between what is
given and what is wanted. Both times how often a step does it. Equal ops and equal edges share one array, so that the solver sees
repeated layers as such.
"""

from collections.abc import Sequence

import numpy as np
from jaxlib.mlir import ir

from dialects.ops import element_bytes, element_type, num_bytes, shape_of
from dialects.sharding import Sharding
from passes.analysis.ops.exchanges import exchanges_of, grown_bytes
from passes.analysis.ops.flops import flops
from passes.analysis.ops.op_costs import Moved, is_free, is_zero, moved
from passes.analysis.ops.wire import moved_bytes, sum_bytes
from passes.analysis.shardings.charges import Charges
from passes.analysis.shardings.graph import Link, Member, ShardingGraph, Site, Use
from passes.analysis.shardings.strategies import Strategy, wide_axes
from passes.solvers.costs.mesh_costs import Kind, MeshCosts
from passes.solvers.costs.reshard import Resharder, Step
from passes.solvers.shardings.problem import Costs, Edge, MemoryRow, Node, ShardingProblem


class ShardingCosts:
    """Prices for one logical mesh; ``problem(graph)`` is what the solver gets.

    ``bucket_bytes``: collectives of one moment travel in buffers of at most so many bytes; 0: each alone.
    """

    def __init__(self, costs: MeshCosts, bucket_bytes: float = 0.0) -> None:
        self.costs, self.mesh, self.resharder, self.bucket_bytes = costs, costs.mesh, Resharder(costs), bucket_bytes
        self._nodes: dict[tuple[object, ...], Costs] = {}
        self._edges: dict[tuple[object, ...], Costs] = {}
        self._zeros: dict[int, Costs] = {}
        self._given: dict[tuple[int, int], tuple[Sharding, ...]] = {}
        self._rates = dict(costs.flops_per_s)
        self._paths: dict[tuple[tuple[int, ...], float, float, float, Sharding, Sharding], tuple[Step, ...]] = {}

    def problem(self, graph: ShardingGraph, rows: Sequence[MemoryRow] = ()) -> ShardingProblem:
        """Every site a node, every link an edge."""
        nodes = [Node(site.name, self.node(site)) for site in graph.sites]
        for use in graph.uses:
            if use.value not in graph.source_of and (forbidden := _unfit(use)) is not None:
                old = nodes[use.reader.index]
                nodes[use.reader.index] = Node(old.name, self._sum(old.cost, forbidden))
        edges: list[Edge] = []
        charges = Charges(self)
        for link in graph.links:
            a, b, cost = link.source.index, link.target.index, self.edge(link)
            if a != b:
                charges.add(link, len(edges))
            if a == b:
                nodes[a] = Node(nodes[a].name, self._sum(nodes[a].cost, np.diag(cost)))
            elif a < b:
                edges.append(Edge(a, b, cost))
            else:
                edges.append(Edge(b, a, self._transposed(cost)))
        return ShardingProblem(tuple(nodes), tuple(edges), tuple(rows), charges.made())

    def node(self, site: Site) -> Costs:
        """Seconds a step of each strategy of a site."""
        if not site.members:
            return self._zeros.setdefault(len(site.forms), np.zeros(len(site.forms)))
        total = self._member(site.members[0], site.runs)
        for member in site.members[1:]:
            total = self._plus(total, self._member(member, site.runs))
        return total

    def _member(self, member: Member, runs: float) -> Costs:
        flags = moved(member.op)
        key = id(member.strategies), flags, runs
        if key not in self._nodes:
            seconds = [self.op_s(member.op, strategy, flags) for strategy in member.strategies]
            self._nodes[key] = runs * np.array(seconds)
        return self._nodes[key]

    def _plus(self, first: Costs, second: Costs) -> Costs:
        key = "plus", id(first), id(second)
        if key not in self._nodes:
            self._nodes[key] = first + second
        return self._nodes[key]

    def op_s(self, op: ir.Operation, strategy: Strategy, flags: Moved) -> float:
        """Seconds of one run of ``op`` on each device."""
        pairs = [
            *zip(op.operands, strategy.operands, flags.operands, strict=True),
            *zip(op.results, strategy.results, flags.results, strict=True),
        ]
        traffic = sum(num_bytes(value) / self.parts(sharding) for value, sharding, counts in pairs if counts)
        seconds = self.costs.compute_s(flops(op) / strategy.parts, traffic, *_element(op))
        copied = self.costs.compute_s(0, 2 * grown_bytes(op, strategy.operands, self.mesh))
        return seconds + copied + sum(self.costs.collective_s(*what) for what in self.collectives(op, strategy))

    def collectives(self, op: ir.Operation, strategy: Strategy) -> list[tuple[Kind, tuple[str, ...], float]]:
        """The collectives that one run of ``op`` itself makes: kind, axes, and bytes on each device."""
        found: list[tuple[Kind, tuple[str, ...], float]] = []
        if op.name == "stablehlo.rng":  # every device draws its own numbers; those of the first are spread (partition)
            found.append(("all_reduce", wide_axes(self.mesh), num_bytes(op.results[0])))
        if strategy.finish is not None:
            for value, sharding in zip(op.results, strategy.results, strict=True):
                wide = sum_bytes(element_type(value)) / element_bytes(element_type(value))
                found.append(("all_reduce", sharding.unreduced, wide * num_bytes(value) / self.parts(sharding)))
        for item in exchanges_of(op, strategy.operands, self.mesh):
            axes = tuple(sorted(item.axes, key=self.mesh.names.index))
            size = moved_bytes(element_type(op.operands[item.operand]))
            for elements in item.messages:
                found.append(("collective_permute", axes, elements * size))
        return found

    def edge(self, link: Link) -> Costs:
        """Seconds a step of the reshard from each form that the source gives to each that the target wants."""
        sources = self.given(link.source, link.result)
        shape, size = shape_of(link.value), moved_bytes(element_type(link.value))
        wide = sum_bytes(element_type(link.value))
        limit = self.limit(link)
        key = shape, size, wide, id(sources), id(link.wants), link.runs, limit
        if key not in self._edges:
            self._edges[key] = link.runs * self.resharder.matrix(shape, size, sources, link.wants, wide, limit)
        return self._edges[key]

    def limit(self, link: Link) -> float:
        """Bytes of the buckets in which the collectives of a link may travel; 0: each goes alone."""
        return 0.0 if link.moment is None or link.source is link.target else self.bucket_bytes

    def path(self, link: Link, have: Sharding, want: Sharding) -> tuple[Step, ...]:
        """The collectives of one run of a link; () where there is no way."""
        element = element_type(link.value)
        key = shape_of(link.value), moved_bytes(element), sum_bytes(element), self.limit(link), have, want
        if key not in self._paths:
            shape, size, wide, limit = key[:4]
            self._paths[key] = self.resharder.path(shape, size, have, want, wide, limit) or ()
        return self._paths[key]

    def given(self, site: Site, result: int) -> tuple[Sharding, ...]:
        """What a site gives as ``result`` under each strategy; one object per (forms, result)."""
        key = id(site.forms), result
        if key not in self._given:
            self._given[key] = tuple(form[result] for form in site.forms)
        return self._given[key]

    def parts(self, sharding: Sharding) -> int:
        """In how many pieces a sharding divides a tensor."""
        return self.mesh.size(axis for dim in sharding.dims for axis in dim)

    def _transposed(self, cost: Costs) -> Costs:
        key = "transposed", id(cost)
        if key not in self._edges:
            self._edges[key] = np.ascontiguousarray(cost.T)
        return self._edges[key]

    def _sum(self, first: Costs, second: Costs) -> Costs:
        key = "sum", first.tobytes(), second.tobytes()
        if key not in self._nodes:
            self._nodes[key] = first + second
        return self._nodes[key]


def _element(op: ir.Operation) -> list[str]:
    """The element type that says at what rate an op computes; none for an op without results, which computes nothing we count."""
    main = op.operands if op.name in ("stablehlo.dot_general", "stablehlo.convolution") else op.results
    return [str(element_type(value)) for value in list(main)[:1]]


def _unfit(use: Use) -> Costs | None:
    """Infinity for strategies that want an unreduced part of a constant that is not zero; None when there are none."""
    owner = use.value.owner
    if isinstance(owner, ir.Block) or is_zero(owner.operation) or not any(want.unreduced for want in use.wants):
        return None
    assert is_free(owner.operation)
    return np.array([np.inf if want.unreduced else 0.0 for want in use.wants])
