"""detach-results: every result of @main is produced by an op of its own, so that it can be placed, sharded and donated alone."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.attributes import STATE_ARG
from dialects.ops import body_ops, entry_block, main_func
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class DetachResults(Pass):
    """A result that is an argument or repeats another result gets an ``optimization_barrier`` of its own.

    Barriers of the same value are results of one op: CSE and canonicalize leave it alone. State that is passed through
    unchanged (``mw.state_arg`` names the very argument) stays the argument: nothing has to run for it. Needs assign-roles.

    Input:
        func.func @main(%w: tensor<f32>) -> (tensor<f32> {mw.state_arg = 0}, tensor<f32> {mw.role = "output"}) {
          return %w, %w : tensor<f32>, tensor<f32>
        }
    Output:
        func.func @main(%w: tensor<f32>) -> (tensor<f32> {mw.state_arg = 0}, tensor<f32> {mw.role = "output"}) {
          %0 = stablehlo.optimization_barrier %w : tensor<f32>
          return %w, %0 : tensor<f32>, tensor<f32>
        }
    """

    name: ClassVar[str] = "detach-results"

    def run(self, module: ir.Module) -> None:
        main = main_func(module)
        block = entry_block(main)
        end = body_ops(block)[-1]
        unchanged = _unchanged(main.operation, end)
        seen: set[ir.Value] = set()
        shared: dict[ir.Value, list[int]] = {}
        for index, value in enumerate(end.operands):
            if index in unchanged:
                continue
            if isinstance(value, ir.BlockArgument) or value in seen:
                shared.setdefault(value, []).append(index)
            seen.add(value)
        for value, indices in shared.items():
            _separate(end, value, indices)


def _unchanged(main: ir.Operation, end: ir.Operation) -> set[int]:
    """Results that are the unchanged next value of the very argument that they return."""
    if "res_attrs" not in main.attributes:
        return set()
    found: set[int] = set()
    for index, (attrs, value) in enumerate(zip(ir.ArrayAttr(main.attributes["res_attrs"]), end.operands, strict=True)):
        table = ir.DictAttr(attrs)
        if STATE_ARG in table and isinstance(value, ir.BlockArgument):
            if ir.IntegerAttr(table[STATE_ARG]).value == value.arg_number:
                found.add(index)
    return found


def _separate(end: ir.Operation, value: ir.Value, indices: list[int]) -> None:
    barrier = ir.Operation.create(
        "stablehlo.optimization_barrier",
        [value.type] * len(indices),
        [value] * len(indices),
        loc=end.location,
        ip=ir.InsertionPoint(end),
    )
    for index, result in zip(indices, barrier.results, strict=True):
        end.operands[index] = result
