"""``mark-phases``: setup, forward, backward or update, by reachability."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import call_target
from dialects.op_sets import OpSet
from dialects.ops import all_operands, body_ops, defining_op, entry_block, main_func, top_level
from dialects.signature import attr_dicts, op_int, op_text, text_of
from dialects.values import BACKWARD, FORWARD, SETUP, UPDATE
from passes.base import Pass
from passes.stages.copy_views import VIEWS


@dataclass(frozen=True, kw_only=True)
class MarkPhases(Pass):
    """Write ``mw.phase`` on every op of @main: setup, forward, backward or update, by what it depends on and who reads it.

    Schedules order phases, and each runs as often as it has to:

    - setup: does not depend on the batch and is read by what does, such as weight casts and dropout masks; once per step
    - forward: sees the batch and is needed by the loss (all of it, in a program without a loss); once per microbatch
    - backward: sees the batch, the loss does not need it; once per microbatch
    - update: the rest, what depends on finished folds, on no batch at all, or on nothing; once per step

    Input:
        %h = dot_general %x, %w {mw.batch_dim = array<i64: 0>}
        %dw = dot_general %x, %dh {mw.batch_dim = array<i64: -1>}
        %dw2 = custom_call @mw.accumulate(%dw)
        %w2 = subtract %w, %dw2
    Output:
        %h = dot_general %x, %w {…, mw.phase = "forward"}
        %dw = dot_general %x, %dh {…, mw.phase = "backward"}
        %dw2 = custom_call @mw.accumulate(%dw) {mw.phase = "backward"}      with its operand
        %w2 = subtract %w, %dw2 {mw.phase = "update"}
    """

    name: ClassVar[str] = "mark-phases"

    def run(self, module: ir.Module) -> None:
        func = main_func(module)
        block = entry_block(func)
        ops = body_ops(block)[:-1]
        seen_by = _Graph(ops)
        seeds = _seeds(func, ops)
        folded = [(op, defining_op(op.operands[0])) for op in ops if call_target(op) in names.FOLDS]
        seeds |= OpSet(maker for _, maker in folded if maker is not None)
        needed = _loss_cone(func, ops)
        below, above = seen_by.descendants(seeds), seen_by.ancestors(seeds)
        # without a batch the loss' ops are the forward, so that it can be cut; with several microbatches they run once
        once = (op_int(module.operation, names.MICROBATCHES) or 1) > 1
        between = OpSet(op for op in below if op in above)
        per_microbatch = OpSet((*seeds, *between)) or (OpSet() if once else needed)
        if not once:  # an op that mixes the rows is followed by what sees none, and is as much of the forward
            per_microbatch |= OpSet(op for op in below if op in needed or not needed)
        before = seen_by.ancestors(per_microbatch) if seeds else OpSet()  # and more of per_microbatch itself
        has_loss = bool(needed)
        for op in ops:
            if op in per_microbatch:
                phase = FORWARD if op in needed or not has_loss else BACKWARD
            else:
                phase = SETUP if op in before else UPDATE
            op.attributes[names.PHASE] = ir.StringAttr.get(phase)
        _follow_readers(ops)
        for op, maker in folded:  # rows of an argument that are returned as they are come with the forward
            phase = FORWARD if maker is None else op_text(maker, names.PHASE)
            op.attributes[names.PHASE] = ir.StringAttr.get(phase)


def _follow_readers(ops: list[ir.Operation]) -> None:
    """A view in setup goes where its reader is (``copy-views`` left it one): XLA fuses it there, nothing is kept for it."""
    for op in reversed(ops):
        if op.name in VIEWS and op_text(op, names.PHASE) == SETUP:
            phases = {op_text(top_level(use.owner), names.PHASE) for use in op.results[0].uses}
            if len(phases) == 1 and phases != {""}:
                op.attributes[names.PHASE] = ir.StringAttr.get(phases.pop())


class _Graph:
    """Dependencies between the ops of @main, cut at folds: what follows a fold does not depend on one microbatch."""

    def __init__(self, ops: list[ir.Operation]) -> None:
        kept = [op for op in ops if call_target(op) not in names.FOLDS]
        self.inputs = [(op, [i for i in _producers(op) if call_target(i) not in names.FOLDS]) for op in kept]

    def descendants(self, seeds: OpSet) -> OpSet:
        found = OpSet()
        for op, inputs in self.inputs:
            if any(i in found or i in seeds for i in inputs):
                found.add(op)
        return found

    def ancestors(self, seeds: OpSet) -> OpSet:
        found = OpSet()
        for op, inputs in reversed(self.inputs):
            if op in found or op in seeds:
                found |= OpSet(inputs)
        return found


def _producers(op: ir.Operation) -> list[ir.Operation]:
    return [maker for value in all_operands(op) if (maker := defining_op(value)) is not None]


def _seeds(func: ir.OpView, ops: list[ir.Operation]) -> OpSet:
    """Ops that read or make something of which each microbatch has its own."""
    entries = attr_dicts(func, "arg_attrs")
    index = {
        value
        for value, entry in zip(entry_block(func).arguments, entries, strict=True)
        if text_of(entry, names.ROLE) == "microbatch"
    }
    return OpSet(
        op for op in ops if names.BATCH_DIM in op.attributes or (index and index.intersection(all_operands(op)))
    )


def _loss_cone(func: ir.OpView, ops: list[ir.Operation]) -> OpSet:
    """Every op that the loss needs, through folds; empty when the program has no loss."""
    results = attr_dicts(func, "res_attrs")
    returned = body_ops(entry_block(func))[-1].operands
    wanted = OpSet(
        maker
        for value, entry in zip(returned, results, strict=True)
        if text_of(entry, names.ROLE) == "loss" and (maker := defining_op(value)) is not None
    )
    for op in reversed(ops):
        if op in wanted:
            wanted |= OpSet(_producers(op))
    return wanted
