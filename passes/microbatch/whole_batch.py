"""Computes from a whole copy of the batch what couples its rows but is cheap, so that the rest can run per microbatch.

A masked mean divides by the number of valid tokens of the *whole* batch, and every gradient needs that number. Counting reads
only the mask, so each microbatch may as well count on the whole mask:

    %n = reduce(%mask)                              %n = reduce(%mask_whole)        // same value, no fold over
    %g = divide %dy, %n      becomes                %g = divide %dy, %n

where ``%mask_whole`` is a new argument (``mw.whole``) that the runtime feeds with the array of ``%mask``. Equal by construction.
"""

from collections.abc import Mapping

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.op_sets import OpSet
from dialects.ops import captured, element_type, enclosing, entry_block
from dialects.signature import add_argument, attr_dicts
from passes.analysis.batch.batch import Coupling
from passes.analysis.ops.flops import flops
from passes.analysis.ops.forms import WHOLE, Form

MAX_SHARE = 0.02  # of the program's flops: what each microbatch may repeat
FREE_FLOPS = 1e5  # below this nobody measures it
# Bitwise the same however many rows are computed at once. Anything else must not exist both per row and for the whole batch:
# `loss_i == max(loss)` would be false everywhere if the two losses differed in the last bit.
EXACT = frozenset(
    f"stablehlo.{name}"
    for name in (
        "constant iota broadcast_in_dim reshape transpose slice reverse concatenate pad convert bitcast_convert select compare "
        "and or xor not negate abs sign minimum maximum clamp floor ceil gather dynamic_slice "
        "is_finite real imag optimization_barrier"
    ).split()
)
RANDOM = ("stablehlo.rng",)  # twice is not the same


def compute_whole(func: ir.OpView, coupling: Coupling, forms: Mapping[ir.Value, Form], total_flops: float) -> bool:
    """Rewrite so that the value to blame is computed from whole arguments; False when that is too dear or cannot be."""
    if coupling.value is None or isinstance(coupling.value.owner, ir.Block):
        return coupling.value is not None and _use_whole_argument(func, coupling)
    cone = _cone(coupling.value)
    limit = max(MAX_SHARE * total_flops, FREE_FLOPS)
    if cone is None or any(forms.get(result, WHOLE).is_own for op in cone for result in op.results):
        return False
    if sum(flops(op) for op in cone) > limit or not all(_reproducible(op, forms) for op in cone):
        return False
    block = entry_block(func)
    ordered = [op.operation for op in block.operations if op.operation in cone and _sees_batch(op.operation, forms)]
    if any(op.name in RANDOM for op in ordered):
        return False
    copies: dict[ir.Value, ir.Value] = {}
    for op in ordered:
        _copy(func, op, copies)
    if forms.get(coupling.value, WHOLE).is_split:
        _replace(coupling.op, coupling.value, copies[coupling.value])
        return True
    for op in reversed(ordered):
        for result in op.results:
            form = forms.get(result, WHOLE)
            if not form.is_split and (form.after or form.is_partial or form.repeated):
                result.replace_all_uses_with(copies[result])
        if all(not list(result.uses) for result in op.results):
            op.erase()
    return True


def _sees_batch(op: ir.Operation, forms: Mapping[ir.Value, Form]) -> bool:
    return any(forms.get(result, WHOLE) != WHOLE for result in op.results)


def _reproducible(op: ir.Operation, forms: Mapping[ir.Value, Form]) -> bool:
    """Whether a whole copy of ``op`` agrees to the last bit with what each microbatch computes, or replaces it altogether."""
    per_row = any(forms.get(result, WHOLE).is_split for result in op.results)
    floats = any(not isinstance(element_type(result), ir.IntegerType) for result in op.results)
    return not per_row or op.name in EXACT or not floats


def _cone(value: ir.Value) -> OpSet | None:
    """All ops that ``value`` depends on; None when one of them captures values in a region or sits in a loop."""
    cone = OpSet()
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current.owner, ir.Block):
            if current.owner.owner.operation.name != "func.func":
                return None
            continue
        op = current.owner.operation
        if op in cone:
            continue
        if enclosing(op).name != "func.func" or (len(op.regions) and captured(op)):
            return None
        cone.add(op)
        pending.extend(op.operands)
    return cone


def _copy(func: ir.OpView, op: ir.Operation, copies: dict[ir.Value, ir.Value]) -> None:
    clone = op.clone(ir.InsertionPoint.after(op)).operation
    for i, operand in enumerate(op.operands):
        if isinstance(operand.owner, ir.Block):
            clone.operands[i] = _whole_argument(func, operand)
        else:
            clone.operands[i] = copies.get(operand, operand)
    for mine, its in zip(op.results, clone.results, strict=True):
        copies[mine] = its


def _whole_argument(func: ir.OpView, value: ir.Value) -> ir.Value:
    """The whole twin of a batch argument (made when it is not there yet); any other argument as it is."""
    entries = attr_dicts(func, "arg_attrs")
    own = entries[ir.BlockArgument(value).arg_number]
    if ir.StringAttr(own[names.ROLE]).value != "batch" or names.WHOLE in own:
        return value
    for i, entry in enumerate(entries):
        if names.WHOLE in entry and entry[names.INDEX] == own[names.INDEX]:
            return entry_block(func).arguments[i]
    kept = {key: own[key] for key in (names.ROLE, names.NAME, names.HOW, names.INDEX) if key in own}
    return add_argument(func, value.type, {**kept, names.WHOLE: ir.UnitAttr.get()}, value.location)


def _use_whole_argument(func: ir.OpView, coupling: Coupling) -> bool:
    value = coupling.value
    if value is None or not isinstance(value.owner, ir.Block) or value.owner.owner.operation.name != "func.func":
        return False
    whole = _whole_argument(func, value)
    if whole == value:
        return False
    _replace(coupling.op, value, whole)
    return True


def _replace(op: ir.Operation, old: ir.Value, new: ir.Value) -> None:
    for i, operand in enumerate(op.operands):
        if operand == old:
            op.operands[i] = new
