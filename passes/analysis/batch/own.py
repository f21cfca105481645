"""What each iteration of the user's accumulation loop has of its own, once passes/microbatch/accumulation.py took it apart."""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import call_target
from dialects.ops import defining_op, shape_of
from dialects.signature import op_int, op_text
from passes.analysis.batch.leaf_forms import Coupled, Transfer
from passes.analysis.ops.affine import Affine, affine_of
from passes.analysis.ops.folds import fold_named
from passes.analysis.ops.forms import OWN, Form, partial, split


def own_transfer(
    op: ir.Operation, forms: Sequence[Form], reads: Sequence[Form], microbatches: int
) -> Transfer | Coupled | None:
    """Forms through a marker, or an op that reads an own value; None for any other op. ``reads``: ``forms`` and what regions read.

    Whatever an op does to values that are whole or the iteration's own, its results are the iteration's own.
    """
    target = call_target(op)
    if target == names.NUMBER:
        return Transfer((), (OWN,))
    if not any(form.is_own for form in reads):
        return Coupled("adds up what is the same in each iteration") if target in (names.FOLD, names.STACK) else None
    if target == names.FOLD:
        return Transfer((OWN,), (partial(fold_named(op_text(op, names.KIND))),))
    if target == names.STACK:
        return Transfer((OWN,), (split(op_int(op, names.DIM) or 0),))
    late = next((i for i, form in enumerate(forms) if form.after), -1)
    if any(form.after for form in reads):
        return Coupled("needs a value that is complete only after all microbatches", late)
    divided = [i for i, form in enumerate(forms) if form.is_split]
    if any(form.is_split or form.is_partial for form in reads):
        if op.name == "stablehlo.dynamic_slice" and divided == [0] and _is_its_slice(op, forms[0], microbatches):
            return Transfer(tuple(forms), (OWN,))
        return Coupled(
            "reads, in an accumulation loop, more than the iteration's slice of the batch",
            divided[0] if divided else -1,
        )
    return Transfer(tuple(forms), tuple([OWN] * len(op.results)))


def _is_its_slice(op: ir.Operation, form: Form, microbatches: int) -> bool:
    """Whether iteration k reads just the rows of microbatch k."""
    rows = shape_of(op.operands[0])[form.dim] // microbatches
    if form.outer != 1 or shape_of(op.results[0])[form.dim] != rows:
        return False
    return affine_of(op.operands[1 + form.dim], _is_number, microbatches) == Affine(0, rows)


def _is_number(value: ir.Value) -> bool:
    op = defining_op(value)
    return op is not None and call_target(op) == names.NUMBER
