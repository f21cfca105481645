"""How much of the forward part the microbatches carry, and which op keeps the rest from them."""

from dataclasses import dataclass

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.op_sets import OpSet
from dialects.ops import all_operands, body_ops, describe, entry_block, op_key, shape_of
from dialects.signature import attr_dicts, text_of
from passes.analysis.batch.batch import BatchForms
from passes.analysis.ops.flops import flops

LEAST = 0.5  # of the forward's flops


@dataclass(frozen=True)
class Carried:
    """``share`` of the forward's flops on the batch that microbatches divide; ``blame``: the op before the largest rest, or ""."""

    share: float = 1.0
    blame: str = ""

    @property
    def enough(self) -> bool:
        """Whether these are microbatches in more than name."""
        return self.share >= LEAST


def carried(func: ir.OpView, answer: BatchForms) -> Carried:
    """Of the ops that the loss (or any result) needs and that depend on the batch: those that run on 1/M of it.

    The rest runs once a step, after a sum over the microbatches, or in each of them on all rows.
    """
    forward, late = _forward(func), set[ir.Value]()
    block = entry_block(func)
    for value, entry in zip(block.arguments, attr_dicts(func, "arg_attrs"), strict=False):
        if names.WHOLE in entry or (text_of(entry, names.ROLE) == "constant" and shape_of(value)):
            late.add(value)  # data, and what is computed of data alone is not divided
    done = rest = heaviest = 0.0
    blame: ir.Operation | None = None
    since: dict[ir.Value, ir.Operation] = {}
    for op in body_ops(block)[:-1]:
        reads = all_operands(op)
        wants = answer.wants.get(op_key(op), ())
        divided = any(not answer.forms[result].is_whole for result in op.results)
        completes = any(
            answer.forms[v].is_partial and not w.is_partial for v, w in zip(op.operands, wants, strict=False)
        )
        if divided or not (completes or any(value in late or answer.forms[value].after for value in reads)):
            done += flops(op) if divided and op in forward else 0
            continue
        cause = next((since[value] for value in reads if value in since), op)
        for result in op.results:
            late.add(result)
            since[result] = cause
        if op in forward:
            rest += flops(op)
            if flops(op) > heaviest:
                heaviest, blame = flops(op), cause
    return Carried(done / (done + rest) if done + rest else 1.0, "" if blame is None else describe(blame))


def _forward(func: ir.OpView) -> OpSet:
    """The ops that the loss needs; all, where there is none."""
    *ops, end = body_ops(entry_block(func))
    roles = [text_of(entry, names.ROLE) for entry in attr_dicts(func, "res_attrs")]
    goals = [value for value, role in zip(end.operands, roles, strict=True) if role == "loss"] or list(end.operands)
    needed = set(goals)
    kept = OpSet()
    for op in reversed(ops):
        if any(result in needed for result in op.results):
            kept.add(op)
            needed.update(all_operands(op))
    return kept
