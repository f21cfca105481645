"""The user's own accumulation loop: one slice of the batch an iteration, gradients added up. Which loops are one."""

from dataclasses import dataclass
from typing import Literal

from jaxlib.mlir import ir

from dialects.ops import all_operands, all_ops, body_ops, defining_op, entry_block, shape_of
from passes.analysis.batch.arguments import batch_rows
from passes.analysis.ops.affine import Affine, affine_of
from passes.analysis.ops.flops import flops
from passes.analysis.ops.folds import OP_OF_FOLD
from passes.analysis.ops.forms import Fold
from passes.analysis.ops.trip_count import constant_integer, trip_count
from passes.microbatch.cone import in_main, outside, same_value
from passes.microbatch.loop_parts import is_apart, without

_HEAVY = ("stablehlo.dot_general", "stablehlo.convolution")
FOLD_OF: dict[str, Fold] = {name: fold for fold, name in OP_OF_FOLD.items()}


@dataclass(frozen=True)
class Carry:
    """What a loop does with one of its values. ``op``: the add of a fold, the update of a stack along ``dim``.

    ``ahead``: what it becomes depends on nothing but values of its kind: a random key, split again in each iteration.
    """

    kind: Literal["counter", "same", "fold", "stack", "ahead"]
    op: ir.Operation | None = None
    dim: int = -1


@dataclass(frozen=True)
class Accumulation:
    """An accumulation loop: its iterations, what it carries, and whether it takes the slices from the last to the first.

    ``slices``: the ops that read slice after slice of a value from outside, each with the dim. ``holds_most``: the model is in it.
    """

    trips: int
    carries: tuple[Carry, ...]
    backward: bool
    slices: tuple[tuple[ir.Operation, int], ...]
    holds_most: bool

    counts: tuple[int, ...]  # the folds that need no matmul

    @property
    def counter(self) -> int:
        """The position of the counter."""
        return next(i for i, carry in enumerate(self.carries) if carry.kind == "counter")


def accumulation_loops(func: ir.OpView) -> list[tuple[ir.Operation, Accumulation]]:
    """The loops of @main that only add up, or stack, what they compute from a slice of the batch each."""
    data = batch_values(func)
    total = sum(flops(op) for op in body_ops(entry_block(func)))
    loops = [op for op in body_ops(entry_block(func)) if op.name == "stablehlo.while"]
    return [(op, found) for op in loops if (found := _accumulation(op, data, total)) is not None]


def _accumulation(loop: ir.Operation, data: set[ir.Value], total: float) -> Accumulation | None:
    trips = trip_count(loop)
    if trips is None or trips < 2 or (counter := _counter(loop)) < 0 or list(loop.results[counter].uses):
        return None
    if not any(op.name in _HEAVY for op in all_ops(loop)):
        return None
    body = loop.regions[1].blocks[0]
    ahead = [i for i in range(len(body.arguments)) if without(loop, i, data) and not _is_same(loop, i)]
    found: list[Carry] = []
    steps: list[int] = []
    for i, (variable, after) in enumerate(zip(body.arguments, body_ops(body)[-1].operands, strict=True)):
        if i == counter:
            found.append(Carry("counter"))
        elif _is_same(loop, i):
            found.append(Carry("same"))
        elif i not in ahead and (carry := _fold(variable, after)) is not None:
            found.append(carry)
        elif i not in ahead and (stack := _stack(variable, after, body.arguments[counter], trips)) is not None:
            found.append(Carry("stack", *stack[:2]))
            steps.append(stack[2])
        else:
            found.append(Carry("ahead"))
    ahead = [i for i, carry in enumerate(found) if carry.kind == "ahead"]
    free = {i for i, carry in enumerate(found) if carry.kind in ("counter", "same", "ahead")}
    if not any(carry.kind == "fold" for carry in found) or (ahead and not is_apart(loop, ahead, free)):
        return None
    slices = [item for op in body_ops(body) if (item := _slice(op, body.arguments[counter], trips)) is not None]
    backward = any(step < 0 for step in (*steps, *(step for _, _, step in slices)))
    if any((step < 0) != backward for step in steps):  # a microbatch would fill the slices of another
        return None
    folds = [i for i, carry in enumerate(found) if carry.kind == "fold"]
    counts = tuple(i for i in folds if is_apart(loop, [i], {*free, i}))
    if len(counts) == len(folds):
        return None
    read = tuple((op, dim) for op, dim, step in slices if (step < 0) == backward)
    return Accumulation(trips, tuple(found), backward, read, flops(loop) > 0.5 * total, counts)


def _is_same(loop: ir.Operation, position: int) -> bool:
    body = loop.regions[1].blocks[0]
    return same_value(body_ops(body)[-1].operands[position]) == body.arguments[position]


def _slice(op: ir.Operation, counter: ir.Value, trips: int) -> tuple[ir.Operation, int, int] | None:
    """A read of the counter's slice of a dim, whose slices together are the whole: with the dim, and the step, < 0 from the end."""
    if op.name != "stablehlo.dynamic_slice" or not in_main(outside(op.operands[0])):
        return None
    return _in_turn(op, shape_of(op.operands[0]), shape_of(op.results[0]), list(op.operands)[1:], counter, trips)


def _in_turn(
    op: ir.Operation,
    whole: tuple[int, ...],
    part: tuple[int, ...],
    starts: list[ir.Value],
    counter: ir.Value,
    trips: int,
) -> tuple[ir.Operation, int, int] | None:
    for dim, size in enumerate(part):
        start = affine_of(starts[dim], counter.__eq__, trips)
        if whole[dim] == size * trips and start in (Affine(0, size), Affine(size * (trips - 1), -size)):
            return op, dim, start.step
    return None


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


def _stack(variable: ir.Value, after: ir.Value, counter: ir.Value, trips: int) -> tuple[ir.Operation, int, int] | None:
    """``after`` is ``variable`` with the counter's slice of one dim replaced, and all slices together are the whole."""
    op = defining_op(after)
    if op is None or op.name != "stablehlo.dynamic_update_slice" or op.operands[0] != variable:
        return None
    if len(list(variable.uses)) != 1 or len(list(after.uses)) != 1:
        return None
    whole, part = shape_of(variable), shape_of(op.operands[1])
    if sum(one != other for one, other in zip(whole, part, strict=True)) != 1:
        return None
    return _in_turn(op, whole, part, list(op.operands)[2:], counter, trips)
