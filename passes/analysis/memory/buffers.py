"""A block as XLA runs it after fusion: nodes that read and make buffers, with the copies that XLA adds (``fusion``, ``copies``).

An op that works element by element may write over an operand that nobody reads later, a loop over the values that it begins with.
"""

from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects.ops import BARRIER, all_operands, body_ops, captured, num_bytes
from passes.analysis.memory.copies import copied, picking
from passes.analysis.memory.fusion import READS_FUSED, SHARED, gathers_inner, takes_buffer
from passes.analysis.ops.local_rules import ELEMENTWISE

_IN_PLACE = ELEMENTWISE | {"stablehlo.while", "stablehlo.dynamic_update_slice", "stablehlo.scatter"}


@dataclass(eq=False)
class Buffer:
    """Memory of ``num_bytes`` that lies as ``like`` does. ``made``: inside the block and not returned by it."""

    like: ir.Value
    num_bytes: float
    made: bool = True


@dataclass(eq=False)
class Node:
    """One thing that XLA runs: it reads and makes buffers. ``op``: None for a copy."""

    op: ir.Operation | None
    reads: list[Buffer] = field(default_factory=list[Buffer])
    makes: list[Buffer] = field(default_factory=list[Buffer])
    in_place: bool = False  # may write over what nobody reads later
    keeps: list[Buffer] = field(default_factory=list[Buffer])  # but not over these: it reads them until it ends


def nodes_of(block: ir.Block, widens: bool) -> list[Node]:
    """The nodes of ``block`` in program order, copies in front of who reads them."""
    return _Nodes(block, widens).nodes


class _Nodes:
    def __init__(self, block: ir.Block, widens: bool) -> None:
        self.widens = widens
        ops = body_ops(block)
        self.direct = set(ops[-1].operands)
        self.returned = {_whole(value) for value in ops[-1].operands}
        self.nodes: list[Node] = []
        self.found: dict[ir.Value, tuple[Buffer, ...]] = {}  # value -> the buffers that it is computed from
        for value in block.arguments:
            self.found[value] = (Buffer(value, num_bytes(value), made=False),)
        for op in ops[:-1]:
            self._add(op)

    def _sources(self, value: ir.Value) -> tuple[Buffer, ...]:
        return self.found.get(value, ())

    def _add(self, op: ir.Operation) -> None:
        if op.name == BARRIER:
            self._barrier(op)
            return
        read = tuple(dict.fromkeys(buffer for value in all_operands(op) for buffer in self._sources(value)))
        kept = [takes_buffer(value) for value in op.results]
        if not any(kept) and op.name in READS_FUSED:
            for value in op.results:
                self.found[value] = read
            return
        node = Node(op, list(read), in_place=op.name in _IN_PLACE)
        for value, copy in copied(op, self.widens):
            made = Buffer(value, copy)
            self.nodes.append(Node(None, list(self._sources(value)), [made]))
            node.reads.append(made)
        if op.name == "stablehlo.while":
            self._loop(op, node)
            return
        if (sizes := picking(op)) is not None:
            data, source = op.operands[0], op.operands[1]
            indices, picked, listed = Buffer(data, sizes[0]), Buffer(source, sizes[1]), Buffer(source, sizes[2])
            find = Node(None, [*self._sources(data), indices], [picked])
            self.nodes += (Node(None, [], [indices]), find, Node(None, [picked], [listed]))
            node.reads = [*self._sources(source), picked, listed]
        node.makes = [Buffer(value, num_bytes(value), value not in self.returned) for value in op.results]
        for value, buffer in zip(op.results, node.makes, strict=True):
            self.found[value] = (buffer,)
        self.nodes.append(node)
        stack = _goes_on(node) if op.name in ELEMENTWISE and op.results[0] in self.returned - self.direct else None
        if stack is not None:
            given = node.makes[0]  # a part of a stack: XLA cannot see through its reshapes that it could write in place
            node.makes, node.in_place = [Buffer(given.like, given.num_bytes)], False
            self.nodes.append(Node(None, [*node.makes, stack], [given], in_place=True))
        if op.name == "stablehlo.all_gather" and gathers_inner(
            op
        ):  # its parts come one after the other, then they are interleaved
            given, gathered = node.makes[0], Buffer(op.results[0], num_bytes(op.results[0]))
            node.makes = [gathered]
            self.nodes.append(Node(None, [gathered], [given]))

    def _barrier(self, op: ir.Operation) -> None:
        """Each result is its operand, and there only when all operands are: all results read one buffer of no size."""
        sources = [self._sources(value) for value in op.operands]
        done = Buffer(op.results[0], 0.0)
        self.nodes.append(Node(op, list(dict.fromkeys(buffer for read in sources for buffer in read)), [done]))
        for value, read in zip(op.results, sources, strict=True):
            self.found[value] = (*read, done)

    def _loop(self, op: ir.Operation, node: Node) -> None:
        """What a loop only hands on stays where it is."""
        body = op.regions[-1].blocks[0]
        last = body_ops(body)[-1]
        node.keeps = [buffer for value in captured(op) for buffer in self._sources(value)]
        for i, value in enumerate(op.results):
            if last.operands[i] == body.arguments[i] and value not in self.returned:
                self.found[value] = self._sources(op.operands[i])
                node.keeps += self.found[value]
            else:
                node.makes.append(Buffer(value, num_bytes(value), value not in self.returned))
                self.found[value] = (node.makes[-1],)
        self.nodes.append(node)


def _goes_on(node: Node) -> Buffer | None:
    """The argument whose next value a node makes."""
    size = node.makes[0].num_bytes
    found = (buffer for buffer in node.reads if buffer.num_bytes == size and isinstance(buffer.like, ir.BlockArgument))
    return next(found, None)


def _whole(value: ir.Value) -> ir.Value:
    while isinstance(value, ir.OpResult) and value.owner.operation.name in SHARED:
        value = value.owner.operation.operands[value.result_number if len(value.owner.operation.operands) > 1 else 0]
    return value
