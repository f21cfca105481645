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

    Raises UserError on recursion and on a call of a function without a body.
    """

    name: ClassVar[str] = "inline"

    def run(self, module: ir.Module) -> None:
        functions: Functions = {
            ir.StringAttr(op.operation.attributes["sym_name"]).value: op.operation
            for op in module.body.operations
            if op.operation.name == "func.func"
        }
        flat: set[str] = set()
        for name in functions:
            _flatten(name, functions, (), flat)


def _flatten(name: str, functions: Functions, stack: tuple[str, ...], flat: set[str]) -> None:
    """Inline the calls in function ``name``, its callees first, so that each body is cloned flat."""
    if name in flat:
        return
    for call in _calls(functions[name]):
        callee = ir.FlatSymbolRefAttr(call.attributes["callee"]).value
        if callee == name or callee in stack:
            circle = " -> ".join("@" + item for item in (*stack, name, callee))
            fail(f"the program calls itself: {circle}", where=describe(call), remedy="write the recursion as a loop")
        if not len(functions[callee].regions[0].blocks):
            fail(
                f"function @{callee} has no body",
                where=describe(call),
                remedy="export the module with all its functions",
            )
        _flatten(callee, functions, (*stack, name), flat)
        _inline(call, functions[callee])
    flat.add(name)


def _calls(function: ir.Operation) -> list[ir.Operation]:
    return [op for op in all_ops(function) if op.name == "func.call"]


def _inline(call: ir.Operation, callee: ir.Operation) -> None:
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
