"""``inline``: every call becomes the body of the function that it calls."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.errors import fail
from dialects.ops import all_ops, body_ops, describe, entry_block
from passes.base import Pass

Functions = dict[str, ir.Operation]


@dataclass(frozen=True, kw_only=True)
class Inline(Pass):
    """Calls become the ops of the callee, inside the regions of loops and branches too; the same values come out.

    Stages are cut through @main, so everything must be in it. Functions that nobody calls any more are left to symbol-dce.

    Input:
        func.func @main(%x: tensor<f32>) -> tensor<f32> {
          %0 = call @twice(%x) : (tensor<f32>) -> tensor<f32>
          return %0 : tensor<f32>
        }
        func.func private @twice(%a: tensor<f32>) -> tensor<f32> {
          %0 = stablehlo.add %a, %a : tensor<f32>
          return %0 : tensor<f32>
        }
    Output:
        func.func @main(%x: tensor<f32>) -> tensor<f32> {
          %0 = stablehlo.add %x, %x : tensor<f32>
          return %0 : tensor<f32>
        }

    Raises UserError on recursion, on a call of a function without a body, and where more than ``max_ops`` ops would come of it
    (24 functions that each call the next one twice are 2^24), before any is made.
    """

    name: ClassVar[str] = "inline"
    max_ops: int = 1_000_000

    def run(self, module: ir.Module) -> None:
        functions: Functions = {
            ir.StringAttr(op.operation.attributes["sym_name"]).value: op.operation
            for op in module.body.operations
            if op.operation.name == "func.func"
        }
        calls = {name: _calls(all_ops(function)) for name, function in functions.items()}
        self._check(functions, calls)
        called = {_callee(call) for each in calls.values() for call in each}
        for name in functions.keys() - called:
            left = calls[name]
            while left:
                call = left.pop()
                left += _inline(call, functions[_callee(call)])

    def _check(self, functions: Functions, calls: dict[str, list[ir.Operation]]) -> None:
        """Count the ops of each function with all its calls written out, those that it calls first."""
        sizes: dict[str, int] = {}
        for root in functions:
            path = [] if root in sizes else [root]
            while path:
                name = path[-1]
                call = next((call for call in calls[name] if _callee(call) not in sizes), None)
                if call is None:
                    sizes[name] = len(all_ops(functions[name])) + sum(sizes[_callee(call)] for call in calls[name])
                    if sizes[name] > self.max_ops:
                        fail(
                            f"its calls written out are {sizes[name]} ops, want at most {self.max_ops}",
                            where=f"function @{name}",
                            remedy="write what repeats as a loop",
                        )
                    path.pop()
                else:
                    _check_call(call, functions, path)
                    path.append(_callee(call))


def _check_call(call: ir.Operation, functions: Functions, path: list[str]) -> None:
    callee = _callee(call)
    if callee in path:
        circle = " -> ".join("@" + item for item in (*path[path.index(callee) :], callee))
        fail(f"the program calls itself: {circle}", where=describe(call), remedy="write the recursion as a loop")
    if not len(functions[callee].regions[0].blocks):
        fail(
            f"function @{callee} has no body",
            where=describe(call),
            remedy="export the module with all its functions",
        )


def _callee(call: ir.Operation) -> str:
    return ir.FlatSymbolRefAttr(call.attributes["callee"]).value


def _calls(ops: list[ir.Operation]) -> list[ir.Operation]:
    return [op for op in ops if op.name == "func.call"]


def _inline(call: ir.Operation, callee: ir.Operation) -> list[ir.Operation]:
    """Put the body of ``callee`` in the place of ``call``; the calls in it."""
    clone = callee.clone()
    block = entry_block(clone.opview)
    for argument, operand in zip(block.arguments, call.operands, strict=True):
        argument.replace_all_uses_with(operand)
    *ops, end = body_ops(block)
    for op in ops:
        op.move_before(call)
    for result, value in zip(call.results, end.operands, strict=True):
        result.replace_all_uses_with(value)
    call.erase()
    clone.erase()
    return _calls([inner for op in ops for inner in all_ops(op)])
