"""The user's own accumulation loop: one slice of the batch an iteration, gradients added up. Which loops are one."""

from dataclasses import dataclass
from typing import Literal

from jaxlib.mlir import ir

from dialects.ops import all_operands, all_ops, body_ops, defining_op, entry_block, shape_of
from passes.analysis.batch.arguments import batch_rows
from passes.analysis.ops.folds import OP_OF_FOLD
from passes.analysis.ops.multiples import times_counter
from passes.analysis.ops.trip_count import constant_integer, trip_count
from passes.microbatch.loop_parts import is_apart, without

_HEAVY = ("stablehlo.dot_general", "stablehlo.convolution")
FOLD_OF = {name: fold for fold, name in OP_OF_FOLD.items()}


@dataclass(frozen=True)
class Carry:
    """What a loop does with one of its values. ``op``: the add of a fold, the update of a stack along ``dim``.

    ``ahead``: what it becomes depends on nothing but values of its kind: a random key, split again in each iteration.
    """

    kind: Literal["counter", "same", "fold", "stack", "ahead"]
    op: ir.Operation | None = None
    dim: int = -1


def accumulation_loops(func: ir.OpView) -> dict[int, list[ir.Operation]]:
    """Number of iterations -> the loops of @main that only add up, or stack, what they compute from a slice each."""
    data = batch_values(func)
    found: dict[int, list[ir.Operation]] = {}
    for op in body_ops(entry_block(func)):
        if op.name == "stablehlo.while" and (trips := trip_count(op)) is not None and trips > 1 and carries(op, data):
            found.setdefault(trips, []).append(op)
    return found


def carries(loop: ir.Operation, data: set[ir.Value]) -> list[Carry] | None:
    """Each carried value of an accumulation loop; None when ``loop`` is none. ``data``: the values that depend on the batch."""
    body = loop.regions[1].blocks[0]
    end = body_ops(body)[-1]
    counter = _counter(loop)
    if counter < 0 or list(loop.results[counter].uses):
        return None
    found: list[Carry] = []
    for i, (variable, after) in enumerate(zip(body.arguments, end.operands, strict=True)):
        if i == counter:
            found.append(Carry("counter"))
        elif after == variable:
            found.append(Carry("same"))
        elif without(loop, i, data):
            found.append(Carry("ahead"))
        elif (carry := _fold(variable, after) or _stack(variable, after, body.arguments[counter])) is not None:
            found.append(carry)
        else:
            found.append(Carry("ahead"))
    if not any(carry.kind == "fold" for carry in found) or not any(op.name in _HEAVY for op in all_ops(loop)):
        return None
    ahead = [i for i, carry in enumerate(found) if carry.kind == "ahead"]
    free = {i for i, carry in enumerate(found) if carry.kind in ("counter", "same", "ahead")}
    return found if not ahead or is_apart(loop, ahead, free) else None


def batch_values(func: ir.OpView) -> set[ir.Value]:
    """The values of @main's own block that depend on the batch."""
    block = entry_block(func)
    found = {block.arguments[i] for i in batch_rows(func)}
    for op in body_ops(block):
        if any(value in found for value in all_operands(op)):
            found.update(op.results)
    return found


def _counter(loop: ir.Operation) -> int:
    """The carry that ``trip_count`` counts by, if it counts 0, 1, 2, …; else -1."""
    condition, body = (region.blocks[0] for region in loop.regions)
    compare = defining_op(body_ops(condition)[-1].operands[0])
    assert compare is not None
    position = ir.BlockArgument(compare.operands[0]).arg_number
    step = defining_op(body_ops(body)[-1].operands[position])
    assert step is not None
    counts = constant_integer(loop.operands[position]) == 0 and 1 in map(constant_integer, step.operands)
    return position if counts else -1


def _fold(variable: ir.Value, after: ir.Value) -> Carry | None:
    """``after = variable + share`` and nothing else reads either."""
    op = defining_op(after)
    if op is None or op.name not in FOLD_OF or op.block != variable.owner:
        return None
    alone = len(list(variable.uses)) == 1 and len(list(after.uses)) == 1
    return Carry("fold", op) if alone and sum(operand == variable for operand in op.operands) == 1 else None


def _stack(variable: ir.Value, after: ir.Value, counter: ir.Value) -> Carry | None:
    """``after`` is ``variable`` with the counter's slice of one dim replaced, and all slices together are the whole."""
    op = defining_op(after)
    if op is None or op.name != "stablehlo.dynamic_update_slice" or op.operands[0] != variable:
        return None
    if len(list(variable.uses)) != 1 or len(list(after.uses)) != 1:
        return None
    whole, part = shape_of(variable), shape_of(op.operands[1])
    cut = [dim for dim in range(len(whole)) if whole[dim] != part[dim]]
    if len(cut) != 1:
        return None
    (dim,) = cut
    fits = times_counter(list(op.operands)[2 + dim], counter.__eq__) == part[dim]
    return Carry("stack", op, dim) if fits else None
