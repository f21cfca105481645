"""When a device gathers what it stores in parts: just before who reads it, and not while the sums before it still wait.

XLA on CPU runs an op as soon as what it reads is there. A gather of a parameter reads an argument, so all gathers run first and
the whole model lies in memory at once; sums that end as a part wait to be made one op, and keep the whole gradients. So every
gather of an argument waits for the value with which its result is first multiplied, and for the sums written before it:

    %g = all_gather %w                       %t:3 = optimization_barrier %w, %x, %part
    %y = dot_general %x, %g      becomes     %g = all_gather %t#0
                                             %y = dot_general %t#1, %g        and who reads %part reads %t#2

``runtime.devices.xla`` keeps the barriers until XLA has an order. A gather of under an eighth of the usual one waits for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxlib.mlir import ir

from dialects.ops import BARRIER, all_operands, body_ops, defining_op, num_bytes, op_key

SMALL = 1 / 8  # of the mean gather: such buffers hardly count at the peak, and each barrier takes freedom from XLA
_GATHERS = ("stablehlo.all_gather",)
_SUMS = ("stablehlo.all_reduce", "stablehlo.reduce_scatter")
_PRODUCTS = ("stablehlo.dot_general", "stablehlo.convolution")
_VIEWS = frozenset(f"stablehlo.{name}" for name in ("reshape", "transpose", "convert", "broadcast_in_dim", "slice"))
_JOINS = "stablehlo.concatenate"  # of the members of a bucket (buckets.py)
_PARTS = frozenset(f"stablehlo.{name}" for name in ("reshape", "convert", "dynamic_slice"))


class _Order:
    """Where the ops of a block are while some of them move."""

    def __init__(self, block: ir.Block) -> None:
        self.at: dict[ir.Value | ir.Block, float] = {op_key(op): i for i, op in enumerate(body_ops(block))}

    def of(self, op: ir.Operation | None) -> float:
        """-1 for what lies above all that still moves: an argument, a barrier."""
        return -1 if op is None else self.at.get(op_key(op), -1)

    def first_read(self, value: ir.Value) -> float:
        """-1 if something inside of another op reads it."""
        return min((self.at.get(op_key(use.owner.operation), -1) for use in value.uses), default=-1)

    def move(self, ops: Sequence[ir.Operation], before: ir.Operation) -> None:
        """Put ``ops``, which stay in their order, in front of ``before``."""
        for op in ops:
            op.move_before(before)
            self.at[op_key(op)] = self.of(before) - 0.5

    def move_up(self, value: ir.Value, before: ir.Operation) -> None:
        """Put what makes ``value`` in front of ``before``, with all that it is made of."""
        op = defining_op(value)
        if op is not None and self.of(op) > self.of(before):
            for operand in all_operands(op):
                self.move_up(operand, before)
            self.move([op], before)


@dataclass(frozen=True, eq=False)
class _Wait:
    """A gather that shall run when operand ``position`` of ``reader`` is there."""

    gather: ir.Operation
    reader: ir.Operation
    position: int


def order_gathers(block: ir.Block) -> None:
    """Put the barriers into a device's own block. Changes no value."""
    order = _Order(block)
    waits = _waits(block, order)
    parts = [part for op in body_ops(block) if op.name in _SUMS and (part := _part(op)) is not None] if waits else []
    for wait in waits:
        order.move(_ends_before(wait, order), wait.reader)
        ready = [part for part in parts if order.of(part.made_by) < order.of(wait.reader)]
        parts = [part for part in parts if part not in ready]
        unread = [part.value for part in ready if order.first_read(part.value) > order.of(wait.reader)]
        for value in unread:
            order.move_up(value, wait.gather)
        _tie(wait, unread)


def _waits(block: ir.Block, order: _Order) -> list[_Wait]:
    """The gathers worth a barrier, in the order in which they are read."""
    early = _from_arguments(block)
    gathers = [op for op in body_ops(block) if op.name in _GATHERS and op.operands[0] in early]
    if not gathers:
        return []
    mean = sum(num_bytes(op.results[0]) for op in gathers) / len(gathers)
    large = [op for op in gathers if num_bytes(op.results[0]) >= SMALL * mean]
    found = (_wait(op, order, early) for op in large)
    return sorted((wait for wait in found if wait is not None), key=lambda wait: order.of(wait.reader))


def _from_arguments(block: ir.Block) -> set[ir.Value]:
    """Arguments, other shapes of them, several behind each other, and what is gathered of those."""
    found: set[ir.Value] = set(block.arguments)
    for op in body_ops(block):
        if op.name in (*_VIEWS, *_GATHERS, _JOINS) and all(value in found for value in op.operands):
            found.add(op.results[0])
    return found


def _wait(gather: ir.Operation, order: _Order, early: set[ir.Value]) -> _Wait | None:
    """None when its first reader is no product, or multiplies it with what is there from the beginning."""
    ends = _ends(gather.results[0])
    readers = [op for value in ends for use in value.uses if (op := use.owner.operation).name not in _VIEWS]
    if any(op_key(op) not in order.at for op in readers):  # a loop reads it
        return None
    first = min(readers, key=order.of, default=None)
    if first is None or first.name not in _PRODUCTS:
        return None
    others = [i for i, value in enumerate(first.operands) if value not in ends and value not in early]
    return _Wait(gather, first, others[0]) if others else None


def _ends(value: ir.Value) -> list[ir.Value]:
    """``value`` in all shapes in which it is read."""
    found = [value]
    for item in found:
        found += [use.owner.operation.results[0] for use in item.uses if use.owner.operation.name in _VIEWS]
    return found


@dataclass(frozen=True, eq=False)
class _Part:
    """What is used of a sum over devices, and who makes what is summed."""

    value: ir.Value
    made_by: ir.Operation | None


def _part(total: ir.Operation) -> _Part | None:
    """None if the sum is used whole."""
    value = total.results[0]
    while num_bytes(value) >= num_bytes(total.operands[0]):
        readers = [use.owner.operation for use in value.uses]
        if len(readers) != 1 or readers[0].name not in _PARTS:
            return None
        value = readers[0].results[0]
    return _Part(value, defining_op(total.operands[0]))


def _ends_before(wait: _Wait, order: _Order) -> list[ir.Operation]:
    """The gather and the other shapes of it that come before its reader."""
    makers = [op for value in _ends(wait.gather.results[0]) if (op := defining_op(value)) is not None]
    return sorted((op for op in makers if order.of(op) < order.of(wait.reader)), key=order.of)


def _tie(wait: _Wait, parts: Sequence[ir.Value]) -> None:
    gather, reader = wait.gather, wait.reader
    values = [gather.operands[0], reader.operands[wait.position], *parts]
    with ir.InsertionPoint(gather), gather.location:
        barrier = ir.Operation.create(BARRIER, [value.type for value in values], values)
    for value, held in zip(parts, barrier.results[2:], strict=True):
        value.replace_all_uses_except(held, barrier)
    gather.operands[0], reader.operands[wait.position] = barrier.results[0], barrier.results[1]
