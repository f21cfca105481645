"""What a value is computed from: ops of @main, and of loops the part that it needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects.op_sets import OpMap, OpSet
from dialects.ops import BARRIER, all_operands, all_ops, body_ops, captured, defining_op, enclosing, parent_op
from passes.analysis.ops.flops import flops
from passes.analysis.ops.forms import WHOLE, Form
from passes.analysis.ops.trip_count import trip_count
from passes.microbatch.loop_parts import closure


@dataclass(frozen=True)
class Cone:
    """``ops``: all that run as they are; ``loops``: of each loop the positions of the results that are needed."""

    ops: OpSet = field(default_factory=OpSet)
    loops: OpMap[set[int]] = field(default_factory=OpMap[set[int]])

    def flops(self) -> float:
        """Of everything, each once."""
        straight = sum(flops(op) for op in self.ops)
        return straight + sum(
            (trip_count(loop) or 1) * sum(flops(op) for op in closure(loop, wanted)[1])
            for loop, wanted in self.loops.items()
        )

    def every_op(self, chosen: Iterable[ir.Operation]) -> list[ir.Operation]:
        """``chosen`` ones of these ops, with what is taken of the body of a loop instead of the loop."""
        found: list[ir.Operation] = []
        for op in chosen:
            needed = closure(op, self.loops[op])[1] if op in self.loops else [op]
            found += [item for inner in needed for item in all_ops(inner)]
        return found

    def results(self) -> list[ir.Value]:
        """All values at the level of @main."""
        return [
            *(result for op in self.ops for result in op.results),
            *(loop.results[i] for loop, wanted in self.loops.items() for i in closure(loop, wanted)[0]),
        ]


def outside(value: ir.Value) -> ir.Value:
    """What ``value`` is in @main, where loops only pass it around."""
    while isinstance(value, ir.BlockArgument) and (loop := parent_op(value)).name == "stablehlo.while":
        position, body = value.arg_number, loop.regions[1].blocks[0]
        if same_value(body_ops(body)[-1].operands[position]) != body.arguments[position]:
            return value
        value = loop.operands[position]
    return value


def same_value(value: ir.Value) -> ir.Value:
    """``value`` before the barriers and the converts to its own type that it went through."""
    while (op := defining_op(value)) is not None:
        if op.name == BARRIER:
            value = op.operands[ir.OpResult(value).result_number]
        elif op.name == "stablehlo.convert" and op.operands[0].type == value.type:
            value = op.operands[0]
        else:
            break
    return value


def sources(value: ir.Value, forms: Mapping[ir.Value, Form]) -> list[ir.Value]:
    """The values of @main to blame for ``value``: itself, or what a loop makes it of that is complete only after all microbatches.

    Empty where the loop makes it of what it carries on.
    """
    value = outside(value)
    if in_main(value):
        return [value]
    found, seen, pending = dict[ir.Value, None](), set[ir.Value](), [value]
    while pending:
        current = outside(pending.pop())
        if current in seen:
            continue
        seen.add(current)
        form = forms.get(current, WHOLE)
        if in_main(current):
            if form.after or form.is_partial:
                found[current] = None
        elif (op := defining_op(current)) is not None:
            pending += all_operands(op)
        elif form.after or form.is_partial:
            return []
    return list(found)


def in_main(value: ir.Value) -> bool:
    """Whether ``value`` is no part of a loop or branch."""
    op = defining_op(value)
    holder = parent_op(ir.BlockArgument(value)) if op is None else enclosing(op)
    return holder.name == "func.func"


def cone_of(value: ir.Value) -> Cone | None:
    """All that ``value`` depends on; None when a part of it sits in a loop, or captures values in another kind of region."""
    cone = Cone()
    pending = [value]
    while pending:
        current = pending.pop()
        op = defining_op(current)
        if op is None:
            if parent_op(ir.BlockArgument(current)).name != "func.func":
                return None
            continue
        if enclosing(op).name != "func.func":
            return None
        if op.name == "stablehlo.while":
            position = ir.OpResult(current).result_number
            wanted = cone.loops.setdefault(op, set())
            if position not in wanted:
                wanted.add(position)
                kept, needed = closure(op, [position])
                block = op.regions[1].blocks[0]
                pending += [op.operands[i] for i in kept]
                pending += [v for item in needed for v in all_operands(item) if not _inside(v, block)]
                pending += _read_by_condition(op)
            continue
        if op in cone.ops:
            continue
        if len(op.regions) and captured(op):
            return None
        cone.ops.add(op)
        pending.extend(op.operands)
    return cone


def _inside(value: ir.Value, block: ir.Block) -> bool:
    op = defining_op(value)
    return (ir.BlockArgument(value).owner if op is None else op.block) == block


def _read_by_condition(loop: ir.Operation) -> list[ir.Value]:
    block = loop.regions[0].blocks[0]
    return [value for op in body_ops(block) for value in all_operands(op) if not _inside(value, block)]
