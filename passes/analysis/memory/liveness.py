"""Bytes alive at once inside a function: what XLA's buffer assignment will need for its temporaries (buffer_assignment.cc).

Temporaries that die before an output is written lie in that output's memory; the others are added up while they live.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxlib.mlir import ir

from dialects.ops import CONTROL_FLOW
from passes.analysis.memory.buffers import Buffer, Node, nodes_of
from passes.analysis.memory.combined_sums import combined


@dataclass(frozen=True)
class Compiler:
    """``widens``: 16-bit floats become f32. ``breadth_first``: sums are joined, ops run as soon as they can; else as written."""

    widens: bool
    breadth_first: bool


CPU, GPU = Compiler(widens=True, breadth_first=True), Compiler(widens=False, breadth_first=False)


def compiler_of(flops_per_s: Mapping[str, float]) -> Compiler:
    """XLA's for the machine with these rates: one that is no faster with 16-bit floats is a CPU."""
    half = max(flops_per_s.get(element, 0.0) for element in ("f16", "bf16"))
    return GPU if half > flops_per_s["f32"] else CPU


def peak_temp_bytes(block: ir.Block, compiler: Compiler = CPU) -> float:
    """The most bytes that a block needs at once besides its arguments and results."""
    return sum(buffer.num_bytes for buffer in fullest(block, compiler)[0])


def fullest(block: ir.Block, compiler: Compiler, count: int = 1) -> list[list[Buffer]]:
    """The temporaries at the ``count`` fullest moments of a block, fullest first; [[]] when it makes none."""
    nodes = nodes_of(block, compiler.widens)
    nodes = _scheduled(nodes) if compiler.breadth_first else nodes
    left = _homeless(_memories(nodes))
    inner = {
        i: _inner(node.op, compiler)
        for i, node in enumerate(nodes)
        if node.op is not None and node.op.name in CONTROL_FLOW
    }
    change = np.zeros(len(nodes) + 1)
    for memory in left:
        change[memory.start] += memory.num_bytes
        change[min(memory.end + 1, len(nodes))] -= memory.num_bytes
    total = np.cumsum(change)[:-1]
    for i, buffers in inner.items():
        total[i] += sum(buffer.num_bytes for buffer in buffers)
    return [
        [*(m.buffers[0] for m in left if m.start <= i <= m.end), *inner.get(i, ())]
        for i in map(int, np.argsort(-total, kind="stable")[:count])
    ] or [[]]


def _inner(op: ir.Operation, compiler: Compiler) -> list[Buffer]:
    found = [fullest(region.blocks[0], compiler)[0] for region in op.regions]
    return max(found, key=lambda buffers: sum(buffer.num_bytes for buffer in buffers), default=[])


def _scheduled(nodes: Sequence[Node]) -> list[Node]:
    joined = combined(nodes)
    order = breadth_first(joined)
    return (
        order if len(order) == len(joined) else breadth_first(nodes)
    )  # two groups that wait for each other: not joined


def breadth_first(nodes: Sequence[Node]) -> list[Node]:
    """The order of XLA's CPU schedule: each node as soon as what it reads is there, first come first served."""
    maker = {id(buffer): i for i, node in enumerate(nodes) for buffer in node.makes}
    waits = [len({maker[id(buffer)] for buffer in node.reads if id(buffer) in maker}) for node in nodes]
    readers: list[list[int]] = [[] for _ in nodes]
    for i, node in enumerate(nodes):
        for source in {maker[id(buffer)] for buffer in node.reads if id(buffer) in maker}:
            readers[source].append(i)
    ready = deque(i for i, count in enumerate(waits) if not count)
    order: list[Node] = []
    while ready:
        at = ready.popleft()
        order.append(nodes[at])
        for reader in readers[at]:
            waits[reader] -= 1
            if not waits[reader]:
                ready.append(reader)
    return order


@dataclass
class _Memory:
    """One piece of memory, from the node that first writes it to the one that reads it last; several buffers in turn."""

    buffers: list[Buffer]
    start: int
    end: int
    num_bytes: float
    given: bool  # an output of the block


def _memories(nodes: Sequence[Node]) -> list[_Memory]:
    last: dict[int, int] = {}
    for i, node in enumerate(nodes):
        for buffer in node.reads:
            last[id(buffer)] = i
    current: dict[int, _Memory] = {}
    memories: list[_Memory] = []
    for i, node in enumerate(nodes):
        spare = [b for b in node.reads if last[id(b)] == i and b not in node.keeps] if node.in_place else []
        for buffer in node.makes:
            end = last.get(id(buffer), i)
            same = [b for b in spare if b.num_bytes == buffer.num_bytes]
            own = [b for b in same if id(b) not in current]  # an argument can go on as an output only
            over = next(iter([b for b in same if b not in own] if buffer.made else [*own, *same]), None)
            if over is not None:
                spare.remove(over)
            if over is not None and id(over) in current:
                memory = current[id(over)]
                memory.buffers.append(buffer)
                memory.end, memory.given = max(end, memory.end), memory.given or not buffer.made
            elif over is not None and not buffer.made:
                continue  # an argument's memory goes on as an output
            else:
                memory = _Memory([buffer], i, end, buffer.num_bytes, not buffer.made)
                memories.append(memory)
            if memory.given:
                memory.end = len(nodes)
            current[id(buffer)] = memory
    return memories


def _homeless(memories: Sequence[_Memory]) -> list[_Memory]:
    """Those that do not fit, largest first, into an output's memory before it is written."""
    outputs = sorted((memory for memory in memories if memory.given), key=lambda memory: memory.num_bytes)
    taken: list[list[tuple[int, int]]] = [[(memory.start, memory.end)] for memory in outputs]
    sizes = np.array([memory.num_bytes for memory in outputs])
    starts = np.array([memory.start for memory in outputs])
    left: list[_Memory] = []
    for memory in sorted((m for m in memories if not m.given and m.num_bytes), key=lambda m: (-m.num_bytes, m.start)):
        fits = np.flatnonzero((sizes >= memory.num_bytes) & (starts > memory.end))
        for place in fits:
            if all(memory.end < start or end < memory.start for start, end in taken[place]):
                taken[place].append((memory.start, memory.end))
                break
        else:
            left.append(memory)
    return left
