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
from dialects.clone import clone_op
from dialects.ops import all_operands, body_ops, element_type, entry_block
from dialects.signature import add_argument, attr_dicts
from passes.analysis.batch.arguments import is_batch
from passes.analysis.batch.batch import Coupling
from passes.analysis.ops.forms import WHOLE, Form
from passes.microbatch.cone import Cone, cone_of, sources
from passes.microbatch.loop_parts import part_of_loop

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
    if coupling.value is None:
        return False
    found = sources(coupling.value, forms)
    limit = max(MAX_SHARE * total_flops, FREE_FLOPS)
    return bool(found) and _whole(
        func, coupling, found[0], forms, limit
    )  # the others' turn comes with the next coupling


def _whole(func: ir.OpView, coupling: Coupling, blamed: ir.Value, forms: Mapping[ir.Value, Form], limit: float) -> bool:
    if isinstance(blamed, ir.BlockArgument):
        return _use_whole_argument(func, coupling, blamed)
    cone = cone_of(blamed)
    if cone is None or any(forms.get(result, WHOLE).is_own for result in cone.results()):
        return False
    ordered = [op for op in body_ops(entry_block(func)) if _sees_batch(_taken(op, cone), forms)]
    exact = all(_reproducible(op, _taken(op, cone), forms) for op in ordered)
    if cone.flops() > limit or not exact or any(op.name in RANDOM for op in cone.every_op(ordered)):
        return False
    copies: dict[ir.Value, ir.Value] = {}
    for op in ordered:
        _copy(func, op, cone, copies)
    if forms.get(blamed, WHOLE).is_split:
        _replace(coupling, copies[blamed])
        return True
    for op in reversed(ordered):
        for result in _taken(op, cone):
            form = forms.get(result, WHOLE)
            if not form.is_split and (form.after or form.is_partial or form.repeated):
                result.replace_all_uses_with(copies[result])
        if all(not list(result.uses) for result in op.results):
            op.erase()
    return True


def _taken(op: ir.Operation, cone: Cone) -> list[ir.Value]:
    """The results of ``op`` that the cone needs."""
    if op in cone.loops:
        return [op.results[i] for i in sorted(cone.loops[op])]
    return list(op.results) if op in cone.ops else []


def _sees_batch(results: list[ir.Value], forms: Mapping[ir.Value, Form]) -> bool:
    return any(forms.get(result, WHOLE) != WHOLE for result in results)


def _reproducible(op: ir.Operation, results: list[ir.Value], forms: Mapping[ir.Value, Form]) -> bool:
    """Whether a whole copy of ``op`` agrees to the last bit with what each microbatch computes, or replaces it altogether."""
    per_row = any(forms.get(result, WHOLE).is_split for result in results)
    floats = any(not isinstance(element_type(result), ir.IntegerType) for result in results)
    return not per_row or op.name in EXACT or not floats


def _copy(func: ir.OpView, op: ir.Operation, cone: Cone, copies: dict[ir.Value, ir.Value]) -> None:
    """A copy of ``op``, or of the part of a loop that is needed, which reads whole arguments and earlier copies."""
    reads = dict.fromkeys(all_operands(op))
    instead = {value: _instead(func, value, copies) for value in reads}
    with ir.InsertionPoint.after(op), op.location:
        if op in cone.loops:
            found = part_of_loop(op, sorted(cone.loops[op]), instead=instead)
            copies.update({op.results[i]: value for i, value in found.items()})
        else:
            mapping = dict(instead)
            clone = clone_op(op, mapping)
            if names.PICKS in clone.attributes:  # the copy is whole
                del clone.attributes[names.PICKS]
            copies.update({result: mapping[result] for result in op.results})


def _instead(func: ir.OpView, value: ir.Value, copies: Mapping[ir.Value, ir.Value]) -> ir.Value:
    return _whole_argument(func, value) if isinstance(value, ir.BlockArgument) else copies.get(value, value)


def _whole_argument(func: ir.OpView, value: ir.Value) -> ir.Value:
    """The whole twin of a batch argument (made when it is not there yet); any other argument as it is."""
    entries = attr_dicts(func, "arg_attrs")
    own = entries[ir.BlockArgument(value).arg_number]
    if not is_batch(own):
        return value
    for i, entry in enumerate(entries):
        if names.WHOLE in entry and entry[names.INDEX] == own[names.INDEX]:
            return entry_block(func).arguments[i]
    kept = {key: own[key] for key in (names.ROLE, names.NAME, names.HOW, names.INDEX) if key in own}
    return add_argument(func, value.type, {**kept, names.WHOLE: ir.UnitAttr.get()}, value.location)


def _use_whole_argument(func: ir.OpView, coupling: Coupling, argument: ir.BlockArgument) -> bool:
    whole = _whole_argument(func, argument)
    if whole == argument:
        return False
    _replace(coupling, whole)
    return True


def _replace(coupling: Coupling, new: ir.Value) -> None:
    for i, operand in enumerate(coupling.op.operands):
        if operand == coupling.value:
            coupling.op.operands[i] = new
    if coupling.op.name == "stablehlo.gather" and coupling.op.operands[0] == new:
        coupling.op.attributes[names.PICKS] = ir.UnitAttr.get()
