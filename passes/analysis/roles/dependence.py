"""Which values are computed from which, through loops and branches, and along which paths element by element."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod

from jaxlib.mlir import ir

from dialects.ops import BARRIER, body_ops, captured, entry_block, main_func, shape_of

# Ops whose result holds, at each place, what the operand holds there; None means every operand of the result's shape.
_EVERY = (
    "abs add and atan2 bitcast_convert cbrt ceil clamp complex convert cosine count_leading_zeros divide exponential "
    "exponential_minus_one floor imag log log_plus_one logistic maximum minimum multiply negate not or popcnt power "
    "real reduce_precision remainder reshape round_nearest_afz round_nearest_even rsqrt shift_left "
    "shift_right_arithmetic shift_right_logical sign sine sqrt subtract tan tanh xor"
).split()
_ELEMENTWISE: dict[str, tuple[int, ...] | None] = {f"stablehlo.{name}": None for name in _EVERY}
_ELEMENTWISE["stablehlo.select"] = (1, 2)
_ELEMENTWISE["stablehlo.dynamic_update_slice"] = (0,)
_ELEMENTWISE["stablehlo.scatter"] = (0,)


@dataclass(frozen=True)
class Dependence:
    """The data-flow graph of @main. Nodes are numbers; ``arguments`` and ``results`` are those of @main.

    sources[n]: the nodes that n is computed from, directly. elementwise[n]: those of them that it equals up to an elementwise op.
    ops[n]: the op that makes n, None for arguments and loop variables.
    """

    arguments: tuple[int, ...]
    results: tuple[int, ...]
    sources: tuple[frozenset[int], ...]
    elementwise: tuple[frozenset[int], ...]
    ops: tuple[ir.Operation | None, ...]

    def cone(self, nodes: Iterable[int]) -> frozenset[int]:
        """All nodes that ``nodes`` are computed from, themselves included."""
        found = set(nodes)
        queue = deque(found)
        while queue:
            for source in self.sources[queue.popleft()]:
                if source not in found:
                    found.add(source)
                    queue.append(source)
        return frozenset(found)

    def elementwise_distances(self, node: int) -> dict[int, int]:
        """Nodes that ``node`` is an elementwise function of -> number of ops on the shortest way."""
        found = {node: 0}
        queue = deque([node])
        while queue:
            here = queue.popleft()
            for source in self.elementwise[here]:
                if source not in found:
                    found[source] = found[here] + 1
                    queue.append(source)
        return found


@dataclass
class _Builder:
    numbers: dict[ir.Value, int] = field(default_factory=dict[ir.Value, int])
    sources: list[set[int]] = field(default_factory=list[set[int]])
    elementwise: list[set[int]] = field(default_factory=list[set[int]])
    ops: list[ir.Operation | None] = field(default_factory=list[ir.Operation | None])

    def add(self, value: ir.Value, op: ir.Operation | None = None) -> int:
        self.numbers[value] = len(self.sources)
        self.sources.append(set())
        self.elementwise.append(set())
        self.ops.append(op)
        return self.numbers[value]

    def edge(self, source: ir.Value, node: int, *, elementwise: bool = False) -> None:
        self.sources[node].add(self.numbers[source])
        if elementwise:
            self.elementwise[node].add(self.numbers[source])

    def block(self, block: ir.Block) -> list[ir.Value]:
        """Add the ops of a block; gives what its terminator returns."""
        *ops, end = body_ops(block)
        for op in ops:
            if op.name == "stablehlo.while":
                self.loop(op)
            elif op.name in ("stablehlo.if", "stablehlo.case"):
                self.branch(op)
            else:
                self.plain(op)
        return list(end.operands)

    def plain(self, op: ir.Operation) -> None:
        read = [*op.operands, *(captured(op) if len(op.regions) else [])]
        positions = _ELEMENTWISE.get(op.name, ())
        for index, result in enumerate(op.results):
            node = self.add(result, op)
            for position, value in enumerate(read):
                same = _same_size(value, result) and (positions is None or position in positions)
                if op.name == BARRIER:
                    same = position == index
                self.edge(value, node, elementwise=same)

    def loop(self, op: ir.Operation) -> None:
        condition, body = (region.blocks[0] for region in op.regions)
        nodes: list[int] = []
        for initial, variable, tested in zip(op.operands, body.arguments, condition.arguments, strict=True):
            nodes.append(self.add(variable))
            self.edge(initial, nodes[-1], elementwise=True)
            self.edge(variable, self.add(tested), elementwise=True)
        stop = self.block(condition)
        for node, value in zip(nodes, self.block(body), strict=True):
            self.edge(value, node, elementwise=True)
        for variable, result in zip(body.arguments, op.results, strict=True):
            node = self.add(result, op)
            self.edge(variable, node, elementwise=True)
            for value in stop:
                self.edge(value, node)

    def branch(self, op: ir.Operation) -> None:
        ends = [self.block(region.blocks[0]) for region in op.regions]
        for index, result in enumerate(op.results):
            node = self.add(result, op)
            for end in ends:
                self.edge(end[index], node, elementwise=True)
            for chosen in op.operands:
                self.edge(chosen, node)


def _same_size(one: ir.Value, other: ir.Value) -> bool:
    return prod(shape_of(one)) == prod(shape_of(other))


def dependence_of(module: ir.Module) -> Dependence:
    """Build the graph of a module that ``normalize`` has made flat."""
    builder = _Builder()
    block = entry_block(main_func(module))
    arguments = tuple(builder.add(argument) for argument in block.arguments)
    results = tuple(builder.numbers[value] for value in builder.block(block))
    return Dependence(
        arguments=arguments,
        results=results,
        sources=tuple(frozenset(item) for item in builder.sources),
        elementwise=tuple(frozenset(item) for item in builder.elementwise),
        ops=tuple(builder.ops),
    )
