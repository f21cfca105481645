"""Ops that commute with a fold over microbatches, so that a partial operand gives a partial result (used inside loops)."""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects.ops import element_type
from passes.analysis.batch.leaf_forms import Transfer
from passes.analysis.ops.folds import OP_OF_FOLD, body_fold
from passes.analysis.ops.forms import Form

# Rearranging elements commutes with every fold.
_REARRANGE = frozenset(
    f"stablehlo.{name}"
    for name in (
        "transpose",
        "reshape",
        "broadcast_in_dim",
        "slice",
        "reverse",
        "optimization_barrier",
        "concatenate",
        "select",
    )
) | {"stablehlo.dynamic_slice", "stablehlo.dynamic_update_slice", "stablehlo.gather", "stablehlo.pad"}
# Operand positions that may (and then must) be partial, for ops that do not take all operands alike.
_VALUE_OPERANDS = {
    "stablehlo.dynamic_slice": (0,),
    "stablehlo.dynamic_update_slice": (0, 1),
    "stablehlo.gather": (0,),
    "stablehlo.select": (1, 2),
}
_SUM_OF_ALL = frozenset(
    {"stablehlo.add", "stablehlo.subtract", "stablehlo.complex", "stablehlo.negate", "stablehlo.real", "stablehlo.imag"}
)
_ONE_FACTOR = frozenset({"stablehlo.multiply", "stablehlo.dot_general", "stablehlo.convolution"})


def linear_transfer(op: ir.Operation, forms: Sequence[Form]) -> Transfer | None:
    """The forms through ``op`` when some operands are partial and the others whole; None when it does not commute."""
    parts = [form for form in forms if form.is_partial]
    if not parts or any(form.is_split for form in forms) or any(form != parts[0] for form in parts):
        return None
    part = parts[0]
    at = [i for i, form in enumerate(forms) if form.is_partial]
    if op.name in _REARRANGE:
        sites = _VALUE_OPERANDS.get(op.name, tuple(range(len(forms))))
        if any(i not in sites for i in at):
            return None
        wants = tuple(part if i in sites else form for i, form in enumerate(forms))
        return Transfer(wants, tuple([part] * len(op.results)))
    if op.name == OP_OF_FOLD[part.fold]:
        return Transfer(tuple([part] * len(forms)), (part,))
    if op.name == "stablehlo.reduce" and len(op.results) == 1 and body_fold(op) == part.fold:
        return Transfer((part, part), (part,))
    if part.fold != "sum":
        return None
    if op.name in _SUM_OF_ALL:
        return Transfer(tuple([part] * len(forms)), (part,))
    if (op.name in _ONE_FACTOR and len(at) == 1 and not _widens_integers(op)) or (
        op.name == "stablehlo.divide" and at == [0] and not _integers(op.results[0])
    ):
        return Transfer(tuple(forms), (part,))
    if op.name == "stablehlo.convert" and _keeps_sums(op):
        return Transfer((part,), (part,))
    return None


def _integers(value: ir.Value) -> bool:
    return isinstance(element_type(value), ir.IntegerType)


def _widens_integers(op: ir.Operation) -> bool:
    """An i8 sum wraps in the whole program, where the sum of i32 products of its parts would not."""
    return _integers(op.results[0]) and element_type(op.operands[0]) != element_type(op.results[0])


def _keeps_sums(op: ir.Operation) -> bool:
    """Float to float (rounding aside) keeps sums, and so does a signed integer to float unless it is so narrow that sums wrap.

    Integer to integer keeps them where it drops bits: sums wrap at the width of the source.
    """
    source, target = element_type(op.operands[0]), element_type(op.results[0])
    if not isinstance(source, ir.IntegerType):
        return not isinstance(target, ir.IntegerType)
    if not isinstance(target, ir.IntegerType):
        return not source.is_unsigned and source.width >= 32
    return 1 < target.width <= source.width
