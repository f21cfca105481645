"""``verify-stages``: no value has to travel against the pipeline. Only reads."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import call_target
from dialects.errors import Failure
from dialects.op_sets import OpSet
from dialects.ops import all_operands, body_ops, describe, entry_block, main_func
from dialects.signature import op_int, op_text
from dialects.values import BACKWARD, FORWARD, PHASES
from passes.analysis.stages.replicable import replicable_ops
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class VerifyStages(Pass):
    """Every op knows its phase and its stage, and no value travels against the pipeline.

    Schedules count on it: forward values go to the same or a later stage, backward values to the same or an earlier one, and a
    phase reads only itself and earlier ones, except through a fold. What does not see the batch is free.

    Accepted:
        %0 = stablehlo.tanh %x          {mw.phase = "forward", mw.stage = 0}
        %1 = stablehlo.exponential %0   {mw.phase = "forward", mw.stage = 1}
    Refused:
        %0 = stablehlo.tanh %x          {mw.phase = "forward", mw.stage = 1}
        %1 = stablehlo.exponential %0   {mw.phase = "forward", mw.stage = 0}
        error: stablehlo.exponential -> tensor<4xf32> at FILE:4: its forward operand goes from stage 1 to stage 0

    Raises Failure, naming the first op that breaks the order: a defect of the passes before, never of the user's program.
    """

    name: ClassVar[str] = "verify-stages"

    def run(self, module: ir.Module) -> None:
        func = main_func(module)
        num_stages = op_int(module.operation, names.NUM_STAGES) or 1
        copied = replicable_ops(func)
        for op in body_ops(entry_block(func))[:-1]:
            if op not in copied:
                _check(op, num_stages, copied)


def _check(op: ir.Operation, num_stages: int, copied: OpSet) -> None:
    phase, stage = op_text(op, names.PHASE), op_int(op, names.STAGE)
    if phase not in PHASES:
        raise Failure(f"got phase '{phase}', want one of {', '.join(PHASES)}", where=describe(op))
    if stage is None or not 0 <= stage < num_stages:
        raise Failure(f"got stage {stage}, want 0 to {num_stages - 1}", where=describe(op))
    for value in all_operands(op):
        if isinstance(value.owner, ir.Block) or value.owner.operation in copied:
            continue
        producer = value.owner.operation
        source, from_stage = op_text(producer, names.PHASE), op_int(producer, names.STAGE) or 0
        folded = call_target(producer) in names.FOLDS
        if not folded and PHASES.index(source) > PHASES.index(phase):
            raise Failure(f"a {phase} op reads what {source} makes in '{describe(producer)}'", where=describe(op))
        backwards = phase == source and not folded
        if backwards and ((phase == FORWARD and from_stage > stage) or (phase == BACKWARD and from_stage < stage)):
            raise Failure(f"its {phase} operand goes from stage {from_stage} to stage {stage}", where=describe(op))
