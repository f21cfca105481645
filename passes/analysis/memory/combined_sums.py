"""Sums over devices that XLA's CPU compiler makes one op of (all_reduce_combiner.cc): alike, and none waits for another.

What goes in and what comes out is then alive together.
"""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects.ops import body_ops, element_type
from passes.analysis.memory.buffers import Node


def combined(nodes: Sequence[Node]) -> list[Node]:
    """``nodes``, in an order that runs, with one node for each group of all-reduces that XLA joins."""
    sums = [i for i, node in enumerate(nodes) if node.op is not None and node.op.name == "stablehlo.all_reduce"]
    if len(sums) < 2:
        return list(nodes)
    waits = _waits(nodes)
    groups: dict[str, list[list[int]]] = {}
    for i in sums:
        of_kind = groups.setdefault(_kind(nodes[i]), [[]])
        if any(waits[i] >> other & 1 for other in of_kind[-1]):
            of_kind.append([])
        of_kind[-1].append(i)
    joined = {i: group for of_kind in groups.values() for group in of_kind for i in group}
    found: list[Node] = []
    for i, node in enumerate(nodes):
        group = joined.get(i, [i])
        if len(group) == 1:
            found.append(node)
        elif i == group[-1]:
            reads = list(dict.fromkeys(buffer for member in group for buffer in nodes[member].reads))
            found.append(Node(node.op, reads, [buffer for member in group for buffer in nodes[member].makes]))
    return found


def _kind(node: Node) -> str:
    assert node.op is not None
    names = [op.name for op in body_ops(node.op.regions[0].blocks[0])]
    return f"{names} {element_type(node.op.results[0])} {ir.DenseIntElementsAttr(node.op.attributes['replica_groups'])}"


def _waits(nodes: Sequence[Node]) -> list[int]:
    """For each node, a bit for each node that it depends on."""
    makers = {id(buffer): i for i, node in enumerate(nodes) for buffer in node.makes}
    found: list[int] = []
    for node in nodes:
        bits = 0
        for buffer in node.reads:
            maker = makers.get(id(buffer))
            if maker is not None:
                bits |= found[maker] | 1 << maker
        found.append(bits)
    return found
