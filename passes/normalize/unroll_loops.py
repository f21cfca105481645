"""``unroll-loops``: write a loop over layers out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.attributes import LAYERS
from dialects.op_sets import OpSet
from dialects.ops import all_ops, body_ops, main_func
from dialects.signature import attr_dicts, i64, set_attr_dicts
from passes.analysis.ops.trip_count import trip_count
from passes.analysis.stages.layer_loops import is_layer_loop, stacks_of
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class UnrollLoops(Pass):
    """Loops over layers with a known number of iterations become straight code; others stay.

    Stages can be cut between the iterations then; a loop that stays runs as one op on one stage. What a loop over layers is, says
    ``passes/analysis/stages/layer_loops.py``. Run fold-slices after it: the counters are constants now. Needs assign-roles to know
    parameters from data. Parameters that a loop cuts rows of get ``mw.layers``: split-stacks may keep them in parts.

    Input:
        %0:2 = stablehlo.while(%i = %zero, %x = %input) : tensor<i32>, tensor<4x4xf32>
        cond {
          %p = stablehlo.compare LT, %i, %two
          stablehlo.return %p
        } do {
          %y = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
          %next = stablehlo.add %i, %one
          stablehlo.return %next, %y
        }
    Output:
        %y0 = stablehlo.dot_general %input, %w, contracting_dims = [1] x [0]
        %i1 = stablehlo.add %zero, %one
        %y1 = stablehlo.dot_general %y0, %w, contracting_dims = [1] x [0]
        %i2 = stablehlo.add %i1, %one

    ``max_trips``: the longest loop to unroll, in iterations. ``max_ops``: the module never gets more ops than this.
    """

    name: ClassVar[str] = "unroll-loops"
    max_trips: int = 64
    max_ops: int = 20000

    def run(self, module: ir.Module) -> None:
        budget = self.max_ops - len(all_ops(module.operation))
        loops = [op for op in all_ops(module.operation) if op.name == "stablehlo.while"]
        stacks: dict[int, int] = {}
        while loops:
            loop = loops.pop(0)
            inside = all_ops(loop)
            trips = trip_count(loop)
            if trips is None or trips > self.max_trips or not is_layer_loop(loop, module):
                continue
            added = (trips - 1) * len(inside)
            if added > budget:
                continue
            budget -= added
            stacks |= dict.fromkeys(stacks_of(loop, module), trips)
            # a loop inside of an unrolled one is gone; its copies are loops of their own
            gone = OpSet(op for op in inside if op.name == "stablehlo.while")
            loops = [op for op in loops if op not in gone] + unroll(loop, trips)
        _mark(module, stacks)


def _mark(module: ir.Module, stacks: Mapping[int, int]) -> None:
    if stacks:
        main = main_func(module)
        entries = attr_dicts(main, "arg_attrs")
        for position, layers in stacks.items():
            entries[position][LAYERS] = i64(layers)
        set_attr_dicts(main, "arg_attrs", entries)


def unroll(loop: ir.Operation, trips: int) -> list[ir.Operation]:
    """Replace ``loop`` by ``trips`` copies of its body; gives the loops inside of them."""
    values = list(loop.operands)
    inner: list[ir.Operation] = []
    for _ in range(trips):
        copy = loop.clone()
        body = copy.regions[1].blocks[0]
        for variable, value in zip(body.arguments, values, strict=True):
            variable.replace_all_uses_with(value)
        *ops, end = body_ops(body)
        values = list(end.operands)
        for op in ops:
            op.move_before(loop)
            inner += [item for item in all_ops(op) if item.name == "stablehlo.while"]
        copy.erase()
    for result, value in zip(loop.results, values, strict=True):
        result.replace_all_uses_with(value)
    loop.erase()
    return inner
