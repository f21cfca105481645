"""What to tell the user of stages that are far from equal: which op keeps the others from having more to do."""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import CONTROL_FLOW, body_ops, describe, entry_block, main_func
from dialects.signature import op_int
from passes.analysis.ops.flops import flops
from passes.analysis.stages.work import Rates, step_work
from passes.stages.choose_stages import forward_chain

TOO_LARGE = 1.25  # of an even share: then the loop is what makes the pipeline uneven
TOO_SMALL = 0.1  # of an even share: a stage with less to do is hardly one


def balance_remarks(module: ir.Module, rates: Rates, speeds: Sequence[float]) -> list[str]:
    """What a placed module's stages suffer from; nothing when there is one stage or all have enough to do.

    ``speeds[stage]``: as in ``ChooseStages``; a small mesh has little to do.
    """
    found = [loop_remark(module), *_thin_stages(module, rates, speeds)]
    return [remark for remark in found if remark is not None]


def loop_remark(module: ir.Module) -> str | None:
    """When one loop or branch holds more of the forward part than a stage should; None otherwise."""
    chain = forward_chain(body_ops(entry_block(main_func(module)))[:-1])
    num_stages = op_int(module.operation, names.NUM_STAGES) or 1
    total = sum(flops(op) for op in chain)
    largest = max(chain, key=flops, default=None)
    if num_stages < 2 or largest is None or largest.name not in CONTROL_FLOW or total <= 0:
        return None
    share = flops(largest) / total
    if share * num_stages < TOO_LARGE:
        return None
    return f"{describe(largest)} holds {share:.0%} of the forward part and cannot be cut: it stays on one stage"


def _thin_stages(module: ir.Module, rates: Rates, speeds: Sequence[float]) -> list[str]:
    """Of stages with less than TOO_SMALL of the mean: the heaviest op of the others, which is why they have no more."""
    num_stages = op_int(module.operation, names.NUM_STAGES) or 1
    work = step_work(module, rates)
    total_s = sum(seconds for _, _, seconds in work)
    stage_s = [sum(seconds for _, at, seconds in work if at == stage) for stage in range(num_stages)]
    thin = [
        stage for stage, seconds in enumerate(stage_s) if seconds * num_stages < TOO_SMALL * total_s * speeds[stage]
    ]
    if num_stages < 2 or not thin:
        return []
    op, at, seconds = max(work, key=lambda item: (item[1] not in thin, item[2]))
    shares = [f"stage {stage} has {stage_s[stage] / total_s:.1%} of the work" for stage in thin]
    why = f"no cut is more even, because {describe(op)} holds {seconds / total_s:.0%} and stays on stage {at}"
    return [f"{', '.join(shares)}: {why}"]
