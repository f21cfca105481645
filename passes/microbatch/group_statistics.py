"""``group-statistics``: sums over the rows that rows read, such as those of BatchNorm, taken over each microbatch's rows alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import body_ops, defining_op, describe, entry_block, main_func, shape_of
from dialects.signature import attr_dicts, int_of, refresh_type, set_attr_dicts
from passes.analysis.batch.arguments import batch_rows
from passes.analysis.batch.batch import BatchForms, Coupling, analyze_batch
from passes.analysis.ops.flops import flops
from passes.analysis.ops.forms import Form
from passes.base import Pass
from passes.microbatch.grouped import GivenUp, Grouped
from passes.microbatch.microbatch import drop_rules, populate_rules
from passes.microbatch.whole_batch import compute_whole

MAX_ROUNDS = 4000  # each gives one reader its group's statistic


@dataclass(frozen=True, kw_only=True)
class GroupStatistics(Pass):
    """Let every row read the statistics of its microbatch, M times their sum over those rows, instead of the whole batch's.

    This changes the program: it is for who asks for it (``--batch-statistics per-microbatch``), as GPipe does (section 3.2). The
    result is an ordinary program of the whole batch, whose rows are put in M groups, so that one device can run it to compare.
    What is read once a step stays a sum over all rows: gradients, and running averages (a variance as a mean of squared distances
    is then the mean of the groups', one as E[x^2] - E[x]^2 the whole batch's). Sums that microbatches can take exactly stay too.
    Needs assign-roles.

    Input:
        %sum = stablehlo.reduce(%h init: %zero) across dimensions = [0] : tensor<8x4xf32> -> tensor<4xf32>
        %all = stablehlo.broadcast_in_dim %sum, dims = [1] : tensor<4xf32> -> tensor<8x4xf32>
        %y = stablehlo.subtract %h, %all
    Output, with ``group-statistics{microbatches=2}``:
        %groups = stablehlo.reshape %h : tensor<8x4xf32> -> tensor<2x4x4xf32>
        %sums = stablehlo.reduce(%groups init: %zero) across dimensions = [1] : tensor<2x4x4xf32> -> tensor<2x4xf32>
        %scaled = stablehlo.multiply %sums, %two
        %each = stablehlo.broadcast_in_dim %scaled, dims = [0, 2] : tensor<2x4xf32> -> tensor<2x4x4xf32>
        %rows = stablehlo.reshape %each : tensor<2x4x4xf32> -> tensor<8x4xf32>
        %y = stablehlo.subtract %h, %rows

    ``microbatches``: M, which must divide the rows.
    """

    name: ClassVar[str] = "group-statistics"
    microbatches: int = 1

    def run(self, module: ir.Module) -> None:
        group_statistics(module, self.microbatches)


def group_statistics(module: ir.Module, microbatches: int) -> list[str]:
    """What the pass does; the ops whose statistics were grouped, as people call them."""
    func = main_func(module)
    rows, count = batch_rows(func), len(entry_block(func).arguments)
    total = sum(flops(op) for op in body_ops(entry_block(func)))
    grouped: dict[str, None] = {}
    for _ in range(MAX_ROUNDS if rows and microbatches > 1 else 0):
        populate_rules(module)
        answer = BatchForms(microbatches)
        try:
            analyze_batch(func, rows, microbatches, answer=answer)
            break
        except Coupling as coupling:
            if compute_whole(func, coupling, answer.forms, total):
                continue
            found = _regroup(coupling, answer.forms, microbatches)
            if found is None:
                break
            grouped.update(dict.fromkeys(found))
    _whole_arguments_gone(func, count)
    drop_rules(module)
    return list(grouped)


def _regroup(coupling: Coupling, forms: Mapping[ir.Value, Form], microbatches: int) -> list[str] | None:
    """Give the op that couples its group's statistics; the reductions that were grouped, None where that cannot be."""
    value, op = coupling.value, coupling.op
    if value is None or (not forms[value].after and not forms[value].is_partial) or defining_op(value) is None:
        return None
    split = [forms[v] for v in op.operands if v in forms and forms[v].is_split and shape_of(v) == shape_of(value)]
    if not split or split[0].outer != 1:
        return None
    grouped = Grouped(forms, microbatches)
    try:
        new = grouped.rows(value, split[0].dim)
    except GivenUp:
        return None
    for i, operand in enumerate(op.operands):
        if operand == value:
            op.operands[i] = new
    return [describe(item) for item in grouped.reductions]


def _whole_arguments_gone(func: ir.OpView, count: int) -> None:
    """In a program of the whole batch the whole twin of an argument is the argument."""
    entries, block = attr_dicts(func, "arg_attrs"), entry_block(func)
    for i in reversed(range(count, len(entries))):
        index = int_of(entries[i], names.INDEX)
        own = next(j for j in range(count) if int_of(entries[j], names.INDEX) == index)
        block.arguments[i].replace_all_uses_with(block.arguments[own])
        block.erase_argument(i)
    set_attr_dicts(func, "arg_attrs", entries[:count])
    refresh_type(func)
