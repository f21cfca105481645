"""``open-accumulation``: the user's own accumulation loop taken apart, so that each microbatch runs one of its iterations."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import custom_call, i64s, make, splat, tensor_type
from dialects.ops import body_ops, defining_op, element_type, main_func, shape_of
from dialects.signature import i64
from passes.analysis.ops.folds import filler, neutral
from passes.base import Pass
from passes.microbatch.accumulation import FOLD_OF, Accumulation, accumulation_loops
from passes.microbatch.cone import outside
from passes.microbatch.loop_parts import part_of_loop
from passes.normalize.unroll_loops import unroll


@dataclass(frozen=True, kw_only=True)
class OpenAccumulation(Pass):
    """Loops that add up gradients of slices of the batch run the iterations of one microbatch, 1/M of them; one is no loop.

    Gradient accumulation is what microbatches are. A loop is one op that no stage can be cut in; its body is straight code. Three
    markers keep what the iterations had of their own until ``microbatch`` gives one to each microbatch: ``mw.number`` for the
    counter, ``mw.fold`` for a sum, ``mw.stack`` for a buffer filled slice by slice. What only the loop's own values
    make, a random key that is split in each iteration, is a loop of its own, run up to the microbatch's number. Needs assign-roles;
    microbatch must come next, with the same number.

    Input:
        %0:2 = stablehlo.while(%i = %zero, %sum = %start) : tensor<i32>, tensor<f32>
        cond { %p = stablehlo.compare LT, %i, %four … } do {
          %row = stablehlo.dynamic_slice %x, %i, %zero, sizes = [1, 8]
          %loss = … %row …
          %next = stablehlo.add %sum, %loss
          …
        }
    Output:
        %i = custom_call @mw.number()
        %row = stablehlo.dynamic_slice %x, %i, %zero, sizes = [1, 8]
        %loss = … %row …
        %all = custom_call @mw.fold(%loss) {mw.kind = "sum"}
        %0 = stablehlo.add %start, %all

    ``microbatches``: M, which must divide the iterations. ``counts_ahead``: leave sums that need no matmul, such as the number of
    tokens, to a loop over the whole batch: the backward may divide by them.
    """

    name: ClassVar[str] = "open-accumulation"
    microbatches: int = 1
    counts_ahead: bool = False

    def run(self, module: ir.Module) -> None:
        func = main_func(module)
        for loop, known in accumulation_loops(func):
            if known.trips % self.microbatches == 0:
                _open(loop, known, self.microbatches, self.counts_ahead)


def _open(loop: ir.Operation, known: Accumulation, microbatches: int, counts_ahead: bool) -> None:
    """Make ``loop`` run the iterations of one microbatch, and replace what it gives by what all of them give."""
    body, share = loop.regions[1].blocks[0], known.trips // microbatches
    ahead = [i for i, carry in enumerate(known.carries) if carry.kind == "ahead"]
    counts = [i for i in known.counts if counts_ahead]
    kept = [i for i, carry in enumerate(known.carries) if carry.kind in ("fold", "stack") and i not in counts]
    counter = body.arguments[known.counter].type
    with ir.InsertionPoint(loop), loop.location:
        number = custom_call(names.NUMBER, tensor_type((), ir.IntegerType.get_signless(32)), [], {})
        first = _affine(number, counter, share, 0)
        if known.backward:
            first = _affine(number, counter, -share, known.trips - share)
        starts = part_of_loop(loop, ahead, until=first) if ahead else {}
        for i, value in part_of_loop(loop, [*ahead, *counts]).items() if ahead or counts else ():
            loop.results[i].replace_all_uses_with(value)
        _end_at(loop, first, share)
        for op, dim in known.slices:
            _take_part(op, dim, number, microbatches)
        inits = list(loop.operands)
        loop.operands[known.counter] = first
        for i, value in starts.items():
            loop.operands[i] = value
        for i in kept:
            _start(loop, i, known, number, microbatches)
        mine = part_of_loop(loop, [*kept, *ahead])
    for i in kept:
        carry, result = known.carries[i], mine[i]
        with ir.InsertionPoint(loop), loop.location:
            if carry.kind == "stack":
                whole = inits[i].type
                given = custom_call(names.STACK, whole, [result], {names.DIM: i64(carry.dim)})
            else:
                name = carry.op.name if carry.op is not None else ""
                fold = custom_call(names.FOLD, result.type, [result], {names.KIND: ir.StringAttr.get(FOLD_OF[name])})
                given = make(name, [result.type], [inits[i], fold])
        loop.results[i].replace_all_uses_with(given)
    for i, carry in enumerate(known.carries):
        if carry.kind == "same":
            loop.results[i].replace_all_uses_with(inits[i])
    copy = defining_op(mine[kept[0]])
    loop.erase()
    if share == 1 and copy is not None:
        unroll(copy, 1)


def _affine(number: ir.Value, kind: ir.Type, factor: int, first: int) -> ir.Value:
    """``first + factor * number`` as a scalar of type ``kind``."""
    element = ir.RankedTensorType(kind).element_type
    value = number if number.type == kind else make("stablehlo.convert", [kind], [number])
    if abs(factor) != 1:
        value = make("stablehlo.multiply", [kind], [value, splat((), element, str(abs(factor)))])
    if factor > 0 and not first:
        return value
    return make(
        "stablehlo.add" if factor > 0 else "stablehlo.subtract", [kind], [splat((), element, str(first)), value]
    )


def _end_at(loop: ir.Operation, first: ir.Value, share: int) -> None:
    """Let the loop run while its counter is below ``first + share``."""
    last = make("stablehlo.add", [first.type], [first, splat((), element_type(first), str(share))])
    end = body_ops(loop.regions[0].blocks[0])[-1]
    compare = defining_op(end.operands[0])
    assert compare is not None
    with ir.InsertionPoint(end):
        less = {"comparison_direction": ir.Attribute.parse("#stablehlo<comparison_direction LT>")}
        end.operands[0] = make("stablehlo.compare", [end.operands[0].type], [compare.operands[0], last], less)


def _take_part(op: ir.Operation, dim: int, number: ir.Value, microbatches: int) -> None:
    """Let a slice in the loop read from the slices of the microbatch, which are taken before the loop."""
    source = outside(op.operands[0])
    shape = [size // microbatches if d == dim else size for d, size in enumerate(shape_of(source))]
    index = op.operands[1 + dim].type
    zero = splat((), ir.RankedTensorType(index).element_type, "0")
    begin = _affine(number, index, shape[dim], 0)
    starts = [begin if d == dim else zero for d in range(len(shape))]
    kind = tensor_type(shape, element_type(source))
    part = make("stablehlo.dynamic_slice", [kind], [source, *starts], {"slice_sizes": i64s(shape)})
    op.operands[0] = part
    _rebase(op, 1 + dim, begin, shape[dim] == shape_of(op.results[0])[dim])


def _rebase(op: ir.Operation, position: int, begin: ir.Value, alone: bool) -> None:
    """Let a slice begin where it did, less ``begin``; at zero where it is ``alone`` in the part of the microbatch."""
    with ir.InsertionPoint(op):
        zero = splat((), element_type(begin), "0")
        op.operands[position] = (
            zero if alone else make("stablehlo.subtract", [begin.type], [op.operands[position], begin])
        )


def _start(loop: ir.Operation, position: int, known: Accumulation, number: ir.Value, microbatches: int) -> None:
    """Begin a fold at its neutral element, a stack as a buffer of the microbatch's own slices."""
    value, carry = loop.operands[position], known.carries[position]
    shape, element = list(shape_of(value)), element_type(value)
    assert carry.op is not None
    if carry.kind == "fold" and known.trips == microbatches:  # one iteration folds nothing
        body = loop.regions[1].blocks[0]
        mine = next(operand for operand in carry.op.operands if operand != body.arguments[position])
        body_ops(body)[-1].operands[position] = mine
        return
    if carry.kind == "fold":
        loop.operands[position] = splat(shape, element, neutral(FOLD_OF[carry.op.name], element))
        return
    shape[carry.dim] //= microbatches
    index = carry.op.operands[2 + carry.dim].type
    alone = shape[carry.dim] == shape_of(carry.op.operands[1])[carry.dim]
    _rebase(carry.op, 2 + carry.dim, _affine(number, index, shape[carry.dim], 0), alone)
    loop.operands[position] = splat(shape, element, filler(element))
    kind = tensor_type(shape, element)
    for changed in (
        loop.results[position],
        carry.op.results[0],
        *(r.blocks[0].arguments[position] for r in loop.regions),
    ):
        changed.set_type(kind)
