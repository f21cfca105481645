"""What lives on a device at the fullest moments of a step: the memory rows of the intra-operator problem.

At any moment a device holds its parts of the arguments and of the accumulators, of the values saved from forward for backward
(once for each microbatch in flight), and the running fragment's temporaries, counted as in emitted fragments (``liveness``).
The moments that count are those that hold most when nothing is split; one row each. Parameters count in full, a donated buffer
once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxlib.mlir import ir

from dialects.ops import defining_op, entry_block, op_key
from dialects.sharding import MeshShape, Sharding
from passes.analysis.memory.buffers import Buffer
from passes.analysis.memory.liveness import CPU, Compiler, fullest
from passes.analysis.ops.exchanges import grown_bytes
from passes.analysis.ops.windows import WINDOWED
from passes.analysis.shardings.graph import Member, ShardingGraph, Site
from passes.solvers.shardings.problem import Costs, MemoryRow

MOMENTS = 2  # rows a fragment


@dataclass(frozen=True)
class Held:
    """A tensor in memory: ``count`` times what the form of result ``result`` of ``site`` says.

    ``surrounded``: an op that runs at this moment, on copies of its operands with the rows that its windows read of neighbours.
    """

    site: Site
    result: int
    num_bytes: float
    count: float = 1.0
    surrounded: Member | None = None


def memory_rows(
    graph: ShardingGraph,
    funcs: Sequence[ir.OpView],
    mesh: MeshShape,
    limit_bytes: float,
    in_flight: Callable[[str], float],
    compiler: Compiler = CPU,
) -> list[MemoryRow]:
    """The rows of all ``funcs``. ``in_flight(value id)``: how many instances of a port's value exist at once."""
    sizes = _Sizes(mesh)
    base = [Held(site, 0, site.num_bytes, in_flight(name)) for name, site in graph.ports.items()]
    rows: list[MemoryRow] = []
    for func in funcs:
        name = ir.StringAttr(func.operation.attributes["sym_name"]).value
        for number, inside in enumerate(fullest(entry_block(func), compiler, MOMENTS)):
            rows.append(MemoryRow(f"{name} {number}", limit_bytes, sizes.add([*base, *_held(graph, inside)])))
    return rows


def _held(graph: ShardingGraph, buffers: Sequence[Buffer]) -> list[Held]:
    """The sites that say how temporaries are split; what no site makes (a constant spread out) is left out."""
    found: list[Held] = []
    for buffer in buffers:
        source, op = graph.source_of.get(buffer.like), defining_op(buffer.like)
        if op is not None and buffer.num_bytes == 0 and op.name in WINDOWED and op_key(op) in graph.op_site:
            site, member = graph.op_site[op_key(op)]
            found.append(Held(site, 0, 0.0, surrounded=member))
        elif source is not None:
            found.append(Held(*source, buffer.num_bytes))
    return found


class _Sizes:
    """Bytes of each strategy of a site, equal ones computed once."""

    def __init__(self, mesh: MeshShape) -> None:
        self.mesh = mesh
        self.parts: dict[Sharding, int] = {}
        self.known: dict[tuple[int, int, float], Costs] = {}
        self.rows: dict[int, Costs] = {}

    def add(self, held: Sequence[Held]) -> Mapping[int, Costs]:
        total: dict[int, Costs] = {}
        for item in held:
            mine = self.of(item)
            total[item.site.index] = total[item.site.index] + mine if item.site.index in total else mine
        return total

    def of(self, item: Held) -> Costs:
        if item.surrounded is not None:
            return self._rows(item.surrounded)
        key = id(item.site.forms), item.result, item.num_bytes * item.count
        if key not in self.known:
            self.known[key] = np.array([key[2] / self._parts(form[item.result]) for form in item.site.forms])
        return self.known[key]

    def _rows(self, member: Member) -> Costs:
        key = id(member.strategies)
        if key not in self.rows:
            sizes = [grown_bytes(member.op, strategy.operands, self.mesh) for strategy in member.strategies]
            self.rows[key] = np.array(sizes)
        return self.rows[key]

    def _parts(self, sharding: Sharding) -> int:
        if sharding not in self.parts:
            self.parts[sharding] = self.mesh.size(axis for dim in sharding.dims for axis in dim)
        return self.parts[sharding]
