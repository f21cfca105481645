"""``normalize``: from what frontends write to one flat @main of plain StableHLO."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.ops import all_ops
from passes.base import Pass
from passes.native import run_native
from passes.normalize.drop_shardings import DropShardings
from passes.normalize.fold_pads import FoldPads
from passes.normalize.inline import Inline
from passes.normalize.keep_annotations import KeepAnnotations
from passes.normalize.pair_rows import PairRows
from passes.normalize.remove_dead_code import RemoveDeadCode

_CLEAN = ("func.func(canonicalize)", "func.func(cse)")


@dataclass(frozen=True, kw_only=True)
class Normalize(Pass):
    """One function @main without calls, composites, CHLO ops, sharding annotations or dead code; results are the same.

    Every later pass may then take it for granted that an op is StableHLO and stands in @main, and that something reads it.

    Input:
        func.func public @main(%x: tensor<4xf32>) -> tensor<4xf32> {
          %0 = call @act(%x) : (tensor<4xf32>) -> tensor<4xf32>
          return %0 : tensor<4xf32>
        }
        func.func private @act(%a: tensor<4xf32>) -> tensor<4xf32> {
          %0 = chlo.square %a : tensor<4xf32> -> tensor<4xf32>
          return %0 : tensor<4xf32>
        }
    Output:
        func.func public @main(%x: tensor<4xf32>) -> tensor<4xf32> {
          %0 = stablehlo.multiply %x, %x : tensor<4xf32>
          return %0 : tensor<4xf32>
        }
    """

    name: ClassVar[str] = "normalize"

    def run(self, module: ir.Module) -> None:
        # A composite names the function that says what it means: call that.
        run_native(module, "func.func(stablehlo-legalize-composite-to-call)")
        # Stages are cut through @main, so everything must be in it.
        Inline().run(module)
        # What the user says of shardings binds only when the planner is told so.
        KeepAnnotations().run(module)
        run_native(module, "symbol-dce")
        # Shardy's rules and XLA's importer know StableHLO best.
        run_native(module, "func.func(chlo-legalize-to-stablehlo)")
        # The frontend's wishes would bind our own decisions.
        DropShardings().run(module)
        _drop_converts(module)
        run_native(module, *_CLEAN)
        # Rows that are paired by an iota are paired by a batching dim: Shardy's rules see that.
        PairRows().run(module)
        # A padded dim has a size that no mesh divides.
        FoldPads().run(module)
        RemoveDeadCode().run(module)
        run_native(module, *_CLEAN)


def _drop_converts(module: ir.Module) -> None:
    """Take out converts of a value to its own type, which weakly typed Python numbers leave; those that the user annotates stay."""
    for op in all_ops(module.operation):
        if op.name == "stablehlo.convert" and op.operands[0].type == op.results[0].type and not len(op.attributes):
            op.results[0].replace_all_uses_with(op.operands[0])
            op.erase()
