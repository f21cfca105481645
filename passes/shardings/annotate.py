"""Writes a choice of shardings into fragments: an attribute on every op and port, and a ``sdy.reshard`` for every collective.

    %h = dot %x, %w                          with x split over "x" along the contracted dim, h wanted split over its rows
becomes
    %h = dot %x, %w {sdy.sharding = <[<@mesh, [{}, {}], unreduced={"x"}>]>}
    %r = sdy.reshard %h <@mesh, [{"x"}, {}]>                                                        one reduce-scatter

Constants are made anew in each sharding that a reader wants. Equal reshards of one value in one block are made once.
"""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import (
    BARRIER,
    CONTROL_FLOW,
    body_ops,
    defining_op,
    element_type,
    entry_block,
    op_key,
    shape_of,
)
from dialects.sdy_attrs import SHARDING, sharding_attr, shardings_attr
from dialects.sharding import Sharding
from dialects.signature import attr_dicts, i64, set_attr_dicts
from passes.analysis.ops.op_costs import is_free
from passes.analysis.ops.wire import moved_bytes, sum_bytes
from passes.analysis.shardings.graph import ShardingGraph, Use
from passes.analysis.shardings.strategies import Strategy
from passes.solvers.costs.reshard import Resharder, Step


class Annotator:
    """One use: ``Annotator(graph, choice, resharder, symbol).run(func)`` for every function of the graph; ``symbol``: its mesh.

    ``bucket_bytes``: as the prices were asked with; what travels with others is marked with its moment.
    """

    def __init__(
        self,
        graph: ShardingGraph,
        choice: Sequence[int],
        resharder: Resharder,
        symbol: str,
        bucket_bytes: float = 0.0,
    ) -> None:
        self.graph, self.choice, self.resharder, self.symbol = graph, choice, resharder, symbol
        self.bucket_bytes = bucket_bytes
        self.uses: dict[tuple[ir.Value | ir.Block, int], Use] = {
            (op_key(use.op), use.operand): use for use in graph.uses
        }
        self.made: dict[tuple[ir.Value, ir.Block, Sharding], ir.Value] = {}
        self.copied: dict[ir.Value, ir.Value] = {}
        self.paths: dict[tuple[tuple[int, ...], tuple[float, float, float], Sharding, Sharding], tuple[Step, ...]] = {}
        self.attributes: dict[tuple[Sharding, ...], ir.Attribute] = {}  # layers repeat, and each is parsed from text

    def run(self, func: ir.OpView) -> None:
        """Annotate one fragment in place."""
        block = entry_block(func)
        inputs = [self.given(value) for value in block.arguments]
        returned = body_ops(block)[-1]
        outputs = [self.want(returned, i) for i in range(len(returned.operands))]
        self._block(block)
        self._drop_unread(block)
        for which, shardings in (("arg_attrs", inputs), ("res_attrs", outputs)):
            entries = attr_dicts(func, which)
            for entry, sharding in zip(entries, shardings, strict=True):
                entry[SHARDING] = sharding_attr(sharding, self.symbol)
            set_attr_dicts(func, which, entries)

    def given(self, value: ir.Value) -> Sharding:
        """The sharding that the site of ``value`` gives it."""
        site, result = self.graph.source_of[value]
        return site.forms[self.choice[site.index]][result]

    def want(self, op: ir.Operation, operand: int) -> Sharding:
        """The sharding that ``op`` wants of an operand."""
        use = self.uses[op_key(op), operand]
        return use.wants[self.choice[use.reader.index]]

    def _block(self, block: ir.Block) -> None:
        for op in body_ops(block):
            if is_free(op):
                continue
            wanted = [self._operand(op, i, value) for i, value in enumerate(op.operands)]
            for i, value in enumerate(wanted):
                if op.operands[i] != value:
                    op.operands[i] = value
            if op.name in (*CONTROL_FLOW, BARRIER):
                op.attributes[SHARDING] = self._shardings([self.given(value) for value in op.results])
                for region in op.regions:
                    self._block(region.blocks[0])
            elif len(op.results) and op_key(op) in self.graph.op_site:
                site, member = self.graph.op_site[op_key(op)]
                self._annotate(op, member.strategies[self.choice[site.index]])

    def _drop_unread(self, block: ir.Block) -> None:
        """Erase the constants that every reader has its own part of."""
        for op in reversed(body_ops(block)):
            for region in op.regions if op.name in CONTROL_FLOW else ():
                self._drop_unread(region.blocks[0])
            if is_free(op) and all(not list(value.uses) for value in op.results):
                op.erase()

    def _annotate(self, op: ir.Operation, strategy: Strategy) -> None:
        op.attributes[SHARDING] = self._shardings(strategy.results)
        if strategy.finish is None:
            return
        kind = ir.StringAttr.get(strategy.finish)
        op.attributes[names.KIND] = kind
        for value, target in zip(list(op.results), strategy.given, strict=True):
            readers = [(use.owner.operation, use.operand_number) for use in value.uses]
            with ir.InsertionPoint.after(op), op.location:
                done = reshard(value, target, self.symbol)
            defined(done).attributes[names.KIND] = kind
            for reader, number in readers:
                reader.operands[number] = done
            self.graph.source_of[done] = self.graph.source_of[value]
            if value in self.graph.copies:
                self.graph.copies[done] = self.graph.copies[value]

    def _operand(self, op: ir.Operation, i: int, value: ir.Value) -> ir.Value:
        want = self.want(op, i)
        if value not in self.graph.source_of:
            return self._constant(value, want, op)
        have = self.given(value)
        if have == want:
            return value
        copy = self.graph.copies.get(value)
        if copy is not None:
            shared = copy.forms[self.choice[copy.index]][0]
            if value not in self.copied:
                self.copied[value] = self._to(value, have, shared, _ancestor(op, value), copy.moment)
            value, have = self.copied[value], shared
        return self._to(value, have, want, op, self.uses[op_key(op), i].moment)

    def _to(
        self, value: ir.Value, have: Sharding, want: Sharding, before: ir.Operation, moment: int | None
    ) -> ir.Value:
        """``value`` in sharding ``want``, by one reshard a collective, made once a block."""
        if have == want:
            return value
        key = value, before.block, want
        if key not in self.made:
            current = value
            with ir.InsertionPoint(before), before.location:
                for step in self._path(value, have, want, 0.0 if moment is None else self.bucket_bytes):
                    current = reshard(current, step.after, self.symbol, moment if step.joins else None)
            self.made[key] = current
        return self.made[key]

    def _path(self, value: ir.Value, have: Sharding, want: Sharding, bucket_bytes: float) -> tuple[Step, ...]:
        shape, element = shape_of(value), element_type(value)
        size, wide = moved_bytes(element), sum_bytes(element)
        key = shape, (size, wide, bucket_bytes), have, want
        if key not in self.paths:
            path = self.resharder.path(shape, size, have, want, wide, bucket_bytes)
            assert path is not None, "an infinite reshard was chosen"
            self.paths[key] = path
        return self.paths[key]

    def _shardings(self, shardings: Sequence[Sharding]) -> ir.Attribute:
        key = tuple(shardings)
        if key not in self.attributes:
            self.attributes[key] = shardings_attr(shardings, self.symbol)
        return self.attributes[key]

    def _constant(self, value: ir.Value, want: Sharding, before: ir.Operation) -> ir.Value:
        key = value, before.block, want
        if key not in self.made:
            op = defined(value)
            inner = [self._constant(operand, Sharding((), want.unreduced), before) for operand in op.operands]
            clone = op.clone(ir.InsertionPoint(before)).operation
            for i, operand in enumerate(inner):
                clone.operands[i] = operand
            clone.attributes[SHARDING] = shardings_attr([want], self.symbol)
            self.made[key] = clone.results[0]
        return self.made[key]


def reshard(value: ir.Value, target: Sharding, symbol: str, moment: int | None = None) -> ir.Value:
    """``sdy.reshard`` of ``value`` on the mesh ``symbol``, at the current insertion point; ``moment``: when, if with others."""
    attributes = {"sharding": sharding_attr(target, symbol)}
    if moment is not None:
        attributes[names.JOINS] = i64(moment)
    return ir.Operation.create("sdy.reshard", [value.type], [value], attributes).results[0]


def defined(value: ir.Value) -> ir.Operation:
    """The op that makes ``value``, which is no block argument."""
    op = defining_op(value)
    assert op is not None
    return op


def _ancestor(op: ir.Operation, value: ir.Value) -> ir.Operation:
    """The op of the block that defines ``value`` in which ``op`` lies."""
    home = value.owner if isinstance(value.owner, ir.Block) else value.owner.operation.block
    while op.block != home:
        parent = op.parent
        assert parent is not None
        op = parent.operation
    return op
