"""``copy-views``: no broadcast, reshape or transpose is shared, so that only its source has to move."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.ops import body_ops, enclosing, entry_block, main_func
from passes.base import Pass

VIEWS = frozenset({"stablehlo.broadcast_in_dim", "stablehlo.reshape", "stablehlo.transpose"})


@dataclass(frozen=True, kw_only=True)
class CopyViews(Pass):
    """One copy of each view (broadcast, reshape, transpose) per op that reads it; XLA merges what ends up in one fragment.

    CSE shares one broadcast of the clipping factor between all parameters of a shape, which would tie their stages together, and
    one broadcast of a statistic between forward and backward, which would keep the large copy alive instead of the small one.

    Input:
        %b = broadcast_in_dim %s
        %0 = multiply %g0, %b
        %1 = multiply %g1, %b
    Output:
        %b0 = broadcast_in_dim %s
        %0 = multiply %g0, %b0
        %b1 = broadcast_in_dim %s
        %1 = multiply %g1, %b1
    """

    name: ClassVar[str] = "copy-views"

    def run(self, module: ir.Module) -> None:
        for op in reversed(body_ops(entry_block(main_func(module)))[:-1]):
            if op.name in VIEWS and not _generated(op.operands[0]):
                _copy_for_each(op)


def _generated(value: ir.Value) -> bool:
    return not isinstance(value.owner, ir.Block) and value.owner.name in ("stablehlo.constant", "stablehlo.iota")


def _copy_for_each(op: ir.Operation) -> None:
    readers: list[ir.Operation] = []
    for use in op.results[0].uses:
        owner = use.owner.operation
        if owner not in readers:
            readers.append(owner)
    for reader in readers[1:]:
        if enclosing(reader) != enclosing(op) or reader.name == "func.return":
            continue  # inside a region, or a result: the shared one serves
        clone = op.clone(ir.InsertionPoint(reader)).operation
        for i, operand in enumerate(reader.operands):
            if operand == op.results[0]:
                reader.operands[i] = clone.results[0]
