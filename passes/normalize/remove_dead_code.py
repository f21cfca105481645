"""``remove-dead-code``: ops without users that MLIR does not know to be free of effects."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.ops import BARRIER, all_ops
from passes.base import Pass

# StableHLO ops that only compute; MLIR's own passes keep them because the dialect does not declare it.
_PURE = ("stablehlo.rng", "stablehlo.rng_bit_generator", BARRIER)


@dataclass(frozen=True, kw_only=True)
class RemoveDeadCode(Pass):
    """Custom calls without side effects, random numbers and barriers that nobody reads disappear, with what only they read.

    MLIR's own passes leave them, since it does not know them to be free of effects.

    Input:
        %0 = stablehlo.custom_call @Qr(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32>
        return %x : tensor<4x4xf32>
    Output:
        return %x : tensor<4x4xf32>
    """

    name: ClassVar[str] = "remove-dead-code"

    def run(self, module: ir.Module) -> None:
        candidates = [op for op in all_ops(module.operation) if _only_computes(op)]
        for op in reversed(candidates):
            if all(next(iter(result.uses), None) is None for result in op.results):
                op.erase()


def _only_computes(op: ir.Operation) -> bool:
    if op.name == "stablehlo.custom_call":
        effect = "has_side_effect" in op.attributes and ir.BoolAttr(op.attributes["has_side_effect"]).value
        return not effect and len(op.results) > 0
    if op.name in _PURE:
        return True
    # the rest of a dead chain: ops with results and no regions, which are all free of effects once check.py has run
    return op.name.startswith(("stablehlo.", "chlo.")) and len(op.results) > 0 and not len(op.regions)
