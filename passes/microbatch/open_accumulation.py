"""``open-accumulation``: the user's own accumulation loop taken apart, so that each microbatch runs one of its iterations."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import custom_call, make, tensor_type
from dialects.ops import body_ops, element_type, main_func
from dialects.signature import i64
from passes.base import Pass
from passes.microbatch.accumulation import FOLD_OF, accumulation_loops, batch_values, carries
from passes.microbatch.loop_parts import part_of_loop


@dataclass(frozen=True, kw_only=True)
class OpenAccumulation(Pass):
    """Loops of ``microbatches`` iterations that add up gradients of slices of the batch become their body, once, in @main.

    Gradient accumulation is what microbatches are. A loop is one op that no stage can be cut in; its body is straight code. Three
    markers keep what the iterations had of their own until ``microbatch`` gives one to each microbatch: ``mw.number`` for the
    counter, ``mw.fold`` for a sum, ``mw.stack`` for a buffer filled slice by slice. What only the loop's own values
    make, a random key that is split in each iteration, is a loop of its own, run up to the microbatch's number. Needs assign-roles;
    microbatch must come
    next, with the same number.

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
    """

    name: ClassVar[str] = "open-accumulation"
    microbatches: int = 1

    def run(self, module: ir.Module) -> None:
        func = main_func(module)
        for loop in accumulation_loops(func).get(self.microbatches, ()):
            _take_apart(func, loop)


def _take_apart(func: ir.OpView, loop: ir.Operation) -> None:
    """Put the body in the place of ``loop``, with markers for what its iterations had of their own."""
    known = carries(loop, batch_values(func))
    assert known is not None
    body = loop.regions[1].blocks[0]
    *ops, end = body_ops(body)
    ahead = [i for i, carry in enumerate(known) if carry.kind == "ahead"]
    values = list(loop.operands)
    with ir.InsertionPoint(loop), loop.location:
        number = custom_call(names.NUMBER, tensor_type((), ir.IntegerType.get_signless(32)), [], {})
        counter = next(i for i, carry in enumerate(known) if carry.kind == "counter")
        if element_type(number) != element_type(body.arguments[counter]):
            number = make("stablehlo.convert", [body.arguments[counter].type], [number])
        values[counter] = number
        for i, value in part_of_loop(loop, ahead, until=number).items() if ahead else ():
            values[i] = value
        for i, value in part_of_loop(loop, ahead).items() if ahead else ():
            loop.results[i].replace_all_uses_with(value)
    for op in ops:
        op.move_before(loop)
    with ir.InsertionPoint(loop), loop.location:
        for i, carry in enumerate(known):
            result = loop.results[i]
            if carry.kind == "fold" and carry.op is not None:
                share = next(operand for operand in carry.op.operands if operand != body.arguments[i])
                folded = custom_call(
                    names.FOLD, share.type, [share], {names.KIND: ir.StringAttr.get(FOLD_OF[carry.op.name])}
                )
                result.replace_all_uses_with(make(carry.op.name, [share.type], [values[i], folded]))
            elif carry.kind == "stack" and carry.op is not None:
                stacked = custom_call(names.STACK, result.type, [carry.op.operands[1]], {names.DIM: i64(carry.dim)})
                result.replace_all_uses_with(stacked)
            elif carry.kind == "same":
                result.replace_all_uses_with(values[i])
    end.erase()
    for carry in known:
        if carry.op is not None:
            carry.op.erase()
    for variable, value in zip(body.arguments, values, strict=True):
        variable.replace_all_uses_with(value)
    loop.erase()
