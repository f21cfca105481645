"""``microbatch``: make the program run on 1/M of the batch, M times."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import i64s, tensor_type
from dialects.errors import fail
from dialects.ops import body_ops, describe, entry_block, main_func, op_key, shape_of
from dialects.signature import add_argument, attr_dicts, i64, int_of, refresh_type, text_of
from passes.analysis.batch.arguments import batch_rows, count_rows, rows_in
from passes.analysis.batch.batch import BatchForms, Coupling, analyze_batch
from passes.analysis.batch.mixing import mixing_op
from passes.analysis.ops.flops import flops
from passes.analysis.ops.forms import Form
from passes.analysis.ops.rules import RULE
from passes.base import Pass
from passes.microbatch.carried import Carried, carried
from passes.microbatch.localize import Localizer
from passes.microbatch.whole_batch import compute_whole
from passes.native import run_native

MAX_WHOLE_COPIES = 64  # each round removes one coupling; a program with more is not a row-wise one


@dataclass(frozen=True, kw_only=True)
class Microbatch(Pass):
    """Split the batch over time into ``microbatches`` equal parts, or refuse naming the op that needs the whole batch.

    Stages can work on different microbatches at once. Time is treated as a mesh axis (docs/decisions/0002): types become those
    of 1/M of the batch, and what accumulates over the M runs is marked. With one microbatch nothing changes but the
    ``mw.batch_dim`` attributes.

    Input:
        func.func @main(%w: tensor<4x4xf32>, %x: tensor<8x4xf32> {mw.role = "batch"}) -> tensor<f32>
          %0 = dot_general %x, %w        : tensor<8x4xf32>
          %1 = reduce add %0             : tensor<f32>
    Output, with ``microbatch{microbatches=4}``:
        func.func @main(%w: tensor<4x4xf32>, %x: tensor<2x4xf32>, %m: tensor<i32> {mw.role = "microbatch"}) -> tensor<f32>
          %0 = dot_general %x, %w        : tensor<2x4xf32>
          %1 = reduce add %0             : tensor<f32>          // of this microbatch
          %2 = custom_call @mw.accumulate(%1) {mw.kind = "sum"}  // of all of them; what follows runs once per step

    ``microbatches``: M, which must divide the batch.
    """

    name: ClassVar[str] = "microbatch"
    microbatches: int = 1

    def run(self, module: ir.Module) -> None:
        divide(module, self.microbatches)


def divide(module: ir.Module, microbatches: int) -> Carried:
    """What the pass does; how much of the forward the microbatches carry."""
    func, found = main_func(module), Carried()
    batch = batch_rows(func)
    populate_rules(module)
    if microbatches < 1:
        fail(f"got {microbatches} microbatches, want at least 1", where="--microbatches")
    if microbatches > 1:
        found = _split(func, batch, microbatches)
    elif batch:
        _annotate(func, analyze_batch(func, batch, count_rows(func, batch) or 1, strict=False))
    drop_rules(module)
    module.operation.attributes[names.MICROBATCHES] = i64(microbatches)
    return found


def _split(func: ir.OpView, batch: Mapping[int, Form], microbatches: int) -> Carried:
    check_divisible(func, batch, microbatches)
    answer = uncouple(func, batch, microbatches)
    if isinstance(answer, Coupling):
        mixed = answer.mixed_at
        why = (
            f"it {answer.why}"
            if mixed is None
            else f"it mixes the rows of the batch: {describe(answer.op)} {answer.why}"
        )
        fail(
            f"{why}, so {microbatches} microbatches would not give the result of the whole batch",
            where=describe(mixed or answer.op),
            remedy="use --microbatches 1, or auto, which picks a number that works",
        )
    found = carried(func, answer)
    index_type = tensor_type((), ir.IntegerType.get_signless(32))
    role = {names.ROLE: ir.StringAttr.get("microbatch"), names.NAME: ir.StringAttr.get("microbatch index")}
    index = add_argument(func, index_type, role, ir.Location.unknown())
    Localizer(answer, index).run(func)
    refresh_type(func)
    _annotate(func, answer)
    return found


def _candidates(func: ir.OpView) -> str:
    """`` (one or more of 1, 3)``: the arguments that have a dim and are no state, by the user's own numbers."""
    entries = attr_dicts(func, "arg_attrs")
    free = [
        int_of(entry, names.INDEX) if names.INDEX in entry else i
        for i, (entry, value) in enumerate(zip(entries, entry_block(func).arguments, strict=True))
        if shape_of(value) and text_of(entry, names.ROLE) not in ("parameter", "optimizer", "state")
    ]
    return f" (one or more of {', '.join(map(str, free))})" if free else ""


def check_divisible(func: ir.OpView, batch: Mapping[int, Form], microbatches: int) -> None:
    """Raise the user's mistake when the batch is missing or has a number of rows that ``microbatches`` does not divide."""
    if not batch:
        fail(
            f"the program has no batch argument to divide in {microbatches} microbatches",
            remedy=f"name them with --batch-args{_candidates(func)}, or use --microbatches 1",
        )
    entries = attr_dicts(func, "arg_attrs")
    for i, form in batch.items():
        rows = rows_in(shape_of(entry_block(func).arguments[i]), form)
        if rows % microbatches:
            divisors = ", ".join(str(n) for n in range(1, rows + 1) if rows % n == 0)
            where = f"argument {int_of(entries[i], names.INDEX)} '{text_of(entries[i], names.NAME)}'"
            fail(
                f"its {rows} rows cannot be divided in {microbatches} microbatches",
                where=where,
                remedy=f"use one of {divisors}, or --microbatches auto",
            )


def uncouple(func: ir.OpView, batch: Mapping[int, Form], microbatches: int) -> BatchForms | Coupling:
    """Analyze; compute cheap couplings from the whole batch until none is left, or give the one that stays."""
    total = sum(flops(op) for op in body_ops(entry_block(func)))
    for _ in range(MAX_WHOLE_COPIES):
        answer = BatchForms(microbatches)
        try:
            analyze_batch(func, batch, microbatches, answer=answer)
            return answer
        except Coupling as coupling:
            if not compute_whole(func, coupling, answer.forms, total):
                coupling.mixed_at = mixing_op(coupling.value, answer.forms)
                return coupling
    fail(f"more than {MAX_WHOLE_COPIES} values couple the rows of the batch", remedy="use --microbatches 1 or auto")


def populate_rules(module: ir.Module) -> None:
    """Let Shardy write its sharding rule on every op."""
    # it warns of every op that it has no rule for: the analysis knows those, or names the one that matters
    run_native(module, "func.func(sdy-populate-op-sharding-rules)")


def drop_rules(module: ir.Module) -> None:
    """Take Shardy's rules off again."""

    def drop(op: ir.Operation) -> ir.WalkResult:
        if RULE in op.attributes:
            del op.attributes[RULE]
        return ir.WalkResult.ADVANCE

    module.operation.walk(drop)


def _annotate(func: ir.OpView, answer: BatchForms) -> None:
    for op in body_ops(entry_block(func))[:-1]:
        if op_key(op) in answer.wants and answer.touches_batch(op):
            op.attributes[names.BATCH_DIM] = i64s([_dim(answer.forms[value]) for value in op.results])


def _dim(form: Form) -> int:
    return form.dim if form.is_split and form.outer == 1 else -1
