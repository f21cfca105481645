"""Where the rows of a batch were mixed: the reduction behind a value that exists only after all microbatches."""

from collections.abc import Mapping

from jaxlib.mlir import ir

from dialects.ops import captured, defining_op
from passes.analysis.ops.forms import WHOLE, Form


def mixing_op(value: ir.Value | None, forms: Mapping[ir.Value, Form]) -> ir.Operation | None:
    """The op nearest before ``value`` that reduces over the rows: the mean that a softmax reads later, not the softmax."""
    left = [value] if value is not None else []
    seen: set[ir.Value] = set()
    while left:
        here = left.pop(0)
        form, op = forms.get(here, WHOLE), defining_op(here)
        if here in seen or op is None or not (form.after or form.is_partial):
            continue
        seen.add(here)
        if form.is_partial and not any(forms.get(operand, WHOLE).is_partial for operand in op.operands):
            return op
        left += [*op.operands, *(captured(op) if len(op.regions) else [])]
    return None
