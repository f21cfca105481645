"""What lives on a device at the fullest moments of a step: the memory rows of the intra-operator problem.

At any moment a device holds its parts of the arguments and of the accumulators, of the values saved from forward for backward (once
for each microbatch in flight), and inside the running fragment whatever was made and is still to be read. The moments that
count are those that hold most when nothing is split; one row each. Parameters count in full, a donated buffer once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxlib.mlir import ir

from dialects.ops import CONTROL_FLOW, body_ops, entry_block, num_bytes
from dialects.sharding import MeshShape, Sharding
from passes.analysis.liveness import takes_buffer
from passes.analysis.sharding_graph import ShardingGraph, Site
from passes.solvers.sharding_problem import Costs, MemoryRow

MOMENTS = 2  # rows a fragment


@dataclass(frozen=True)
class Held:
    """A tensor in memory: ``count`` times what the form of result ``result`` of ``site`` says."""

    site: Site
    result: int
    num_bytes: float
    count: float = 1.0


def memory_rows(
    graph: ShardingGraph,
    funcs: Sequence[ir.OpView],
    mesh: MeshShape,
    limit_bytes: float,
    in_flight: Callable[[str], float],
) -> list[MemoryRow]:
    """The rows of all ``funcs``. ``in_flight(value id)``: how many instances of a port's value exist at once."""
    sizes = _Sizes(mesh)
    base = [Held(site, 0, site.num_bytes, in_flight(name)) for name, site in graph.ports.items()]
    rows: list[MemoryRow] = []
    for func in funcs:
        name = ir.StringAttr(func.operation.attributes["sym_name"]).value
        for number, inside in enumerate(_fullest(graph, entry_block(func))):
            rows.append(MemoryRow(f"{name} {number}", limit_bytes, sizes.add([*base, *inside])))
    return rows


def _fullest(graph: ShardingGraph, block: ir.Block) -> list[list[Held]]:
    """What is alive inside a block at its fullest moments, the values at its border left out."""
    ops = body_ops(block)
    returned = set(ops[-1].operands)
    last: dict[ir.Value, int] = {}
    for position, op in enumerate(ops):
        for value in _reads(op):
            last[value] = position
    alive: dict[ir.Value, Held] = {}
    ends: dict[int, list[ir.Value]] = {}
    fullest: list[tuple[float, list[Held]]] = []
    total = 0.0
    for position, op in enumerate(ops[:-1]):
        for value in op.results:
            if not takes_buffer(value) or value in returned:
                continue
            site, result = graph.source_of[value]
            alive[value] = Held(site, result, num_bytes(value))
            total += alive[value].num_bytes
            ends.setdefault(max(last.get(value, position), position), []).append(value)
        inner = _inner(graph, op)
        now = total + sum(held.num_bytes for held in inner)
        if len(fullest) < MOMENTS or now > fullest[-1][0]:  # of equal ones the first
            fullest.append((now, [*alive.values(), *inner]))
            fullest.sort(key=lambda moment: -moment[0])
            del fullest[MOMENTS:]
        for value in ends.pop(position, []):
            total -= alive.pop(value).num_bytes
    return [held for _, held in fullest] or [[]]


def _inner(graph: ShardingGraph, op: ir.Operation) -> list[Held]:
    if op.name not in CONTROL_FLOW:
        return []
    fullest = [_fullest(graph, region.blocks[0])[0] for region in op.regions]
    return max(fullest, key=lambda held: sum(item.num_bytes for item in held), default=[])


def _reads(op: ir.Operation) -> list[ir.Value]:
    reads = list(op.operands)
    for region in op.regions if op.name in CONTROL_FLOW else ():
        for block in region.blocks:
            for inner in body_ops(block):
                reads += _reads(inner)
    return reads


class _Sizes:
    """Bytes of each strategy of a site, equal ones computed once."""

    def __init__(self, mesh: MeshShape) -> None:
        self.mesh = mesh
        self.parts: dict[Sharding, int] = {}
        self.known: dict[tuple[int, int, float], Costs] = {}

    def add(self, held: Sequence[Held]) -> Mapping[int, Costs]:
        total: dict[int, Costs] = {}
        for item in held:
            mine = self.of(item)
            total[item.site.index] = total[item.site.index] + mine if item.site.index in total else mine
        return total

    def of(self, item: Held) -> Costs:
        key = id(item.site.forms), item.result, item.num_bytes * item.count
        if key not in self.known:
            self.known[key] = np.array([key[2] / self._parts(form[item.result]) for form in item.site.forms])
        return self.known[key]

    def _parts(self, sharding: Sharding) -> int:
        if sharding not in self.parts:
            self.parts[sharding] = self.mesh.size(axis for dim in sharding.dims for axis in dim)
        return self.parts[sharding]
