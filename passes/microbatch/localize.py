"""Rewrites a function in place to what one microbatch sees, following the forms that ``passes.analysis.batch.batch`` found.

Split values get their local type; ops whose attributes hold sizes are patched; where an op wants a form that its operand does
not have, a conversion goes right after the operand's definition:

    whole -> split     a dynamic_slice at the microbatch's rows (what is made of constants and broadcasts is made small instead)
    whole -> partial   the value in microbatch 0, the neutral element in the others
    repeated -> after  the fold of the value in microbatch 0 and zeros in the others
    whole -> own       nothing: an iteration of an accumulation loop has it too
    partial -> whole   ``custom_call @mw.accumulate`` {mw.kind}, which ends the part that runs per microbatch
    split -> whole     ``custom_call @mw.collect`` {mw.dim}, only for results of the step
"""

from collections.abc import Sequence

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import after, call_target, custom_call, i64s, make, splat, tensor_type
from dialects.constants import same_constant
from dialects.ops import body_ops, element_type, entry_block, op_key, shape_of
from passes.analysis.batch.batch import BatchForms
from passes.analysis.ops.folds import neutral
from passes.analysis.ops.forms import AFTER, WHOLE, Form, local_shape, partial, split
from passes.microbatch.localize_rules import PATCHES
from passes.microbatch.made_rows import made_of, make_rows


class Localizer:
    """One use: ``Localizer(forms, index).run(func)``; ``index`` is the i32 scalar that numbers the microbatch."""

    def __init__(self, answer: BatchForms, index: ir.Value) -> None:
        self.answer, self.index = answer, index
        self.whole_shape: dict[ir.Value, tuple[int, ...]] = {}
        self.made: dict[tuple[ir.Value, Form], ir.Value] = {}
        self.replaced: list[ir.Value] = []  # whole values of which rows were made anew; readers come first

    def run(self, func: ir.OpView) -> None:
        """Localize every op of ``func``; types of its arguments change, the caller updates the signature."""
        block = entry_block(func)
        self.retype([*block.arguments][:-1])
        self.block(block)
        terminator = body_ops(block)[-1]
        for i, value in enumerate(terminator.operands):
            form = self.answer.forms[value]
            if form.is_split:
                terminator.operands[i] = self.collect(value, form)
            elif form.is_partial or form.repeated:
                terminator.operands[i] = self.convert(value, form, AFTER)
        self.drop_markers(block)
        self.drop_unread()

    def drop_unread(self) -> None:
        """Whole values that no microbatch reads any more go, last: an op made later could not be told from one erased."""
        left = dict.fromkeys(self.replaced)
        while gone := [value for value in left if next(iter(value.uses), None) is None]:
            for value in gone:
                del left[value]
                ir.OpResult(value).owner.erase()

    def drop_markers(self, block: ir.Block) -> None:
        """What an accumulation loop taken apart left: the microbatch runs its iteration, so a fold or stack is what it has."""
        for op in body_ops(block):
            if (target := call_target(op)) in (names.NUMBER, names.FOLD, names.STACK):
                mine = self.index if target == names.NUMBER else op.operands[0]
                op.results[0].replace_all_uses_with(mine)
                op.erase()

    def retype(self, values: Sequence[ir.Value]) -> None:
        for value in values:
            form = self.answer.forms[value]
            self.whole_shape[value] = shape_of(value)
            if form.is_split:
                value.set_type(
                    tensor_type(local_shape(shape_of(value), form, self.answer.microbatches), element_type(value))
                )

    def block(self, block: ir.Block) -> None:
        for op in body_ops(block):
            wants = self.answer.wants.get(op_key(op), ())
            for i, want in enumerate(wants):
                value = op.operands[i]
                have = self.answer.forms[value]
                if have.is_whole and want.is_own:
                    continue
                if (have.kind, have.dim, have.outer) != (want.kind, want.dim, want.outer) or (
                    have.repeated and want.after
                ):
                    with op.location:
                        op.operands[i] = self.convert(value, have, want)
            own = any(self.answer.forms[result].is_own for result in op.results)
            if op.name in ("stablehlo.while", "stablehlo.if", "stablehlo.case") and not own:
                for region in op.regions:
                    self.retype(list(region.blocks[0].arguments))
                    self.block(region.blocks[0])
            self.retype(list(op.results))
            if op.name in PATCHES and any(
                self.answer.forms[v].is_split for v in (*op.operands, *op.results) if v in self.answer.forms
            ):
                PATCHES[op.name](op)

    def convert(self, value: ir.Value, have: Form, want: Form) -> ir.Value:
        key = (value, want)
        if key not in self.made:
            with after(value), _location(value):
                if have.is_whole and want.is_split:
                    self.made[key] = self.slice(value, want)
                elif have.is_whole and want.is_partial:
                    self.made[key] = self.first_only(value, want)
                elif have.is_partial and want.is_whole:
                    self.made[key] = _accumulate(value, have)
                elif have.repeated and want.after:
                    self.made[key] = _accumulate(self.first_only(value, partial("sum")), partial("sum"))
                else:
                    raise AssertionError(f"no conversion from {have} to {want}")
        return self.made[key]

    def slice(self, value: ir.Value, want: Form) -> ir.Value:
        shape, parts, element = self.whole_shape[value], self.answer.microbatches, element_type(value)
        local = local_shape(shape, want, parts)
        if (along := made_of(value, want.dim)) is not None:
            self.replaced.append(value)
            pairs = zip(ir.OpResult(value).owner.operands, along, strict=True)
            mine = [v if at is None else self.convert(v, WHOLE, split(at, want.outer)) for v, at in pairs]
            return make_rows(value, mine, local)
        before, size, behind = shape[: want.dim], shape[want.dim], shape[want.dim + 1 :]
        blocked = (*before, want.outer, parts, size // (want.outer * parts), *behind)
        chosen = tuple(1 if dim == want.dim + 1 else n for dim, n in enumerate(blocked))
        grouped = make("stablehlo.reshape", [tensor_type(blocked, element)], [value])
        zero = splat((), ir.IntegerType.get_signless(32), "0")
        starts = [self.index if dim == want.dim + 1 else zero for dim in range(len(blocked))]
        taken = make(
            "stablehlo.dynamic_slice", [tensor_type(chosen, element)], [grouped, *starts], {"slice_sizes": i64s(chosen)}
        )
        return make("stablehlo.reshape", [tensor_type(local, element)], [taken])

    def first_only(self, value: ir.Value, want: Form) -> ir.Value:
        element = element_type(value)
        rest = splat(self.whole_shape[value], element, neutral(want.fold, element))
        if same_constant(value, rest):
            return value
        zero = splat((), ir.IntegerType.get_signless(32), "0")
        compared = {"comparison_direction": ir.Attribute.parse("#stablehlo<comparison_direction EQ>")}
        first = make(
            "stablehlo.compare", [tensor_type((), ir.IntegerType.get_signless(1))], [self.index, zero], compared
        )
        return make("stablehlo.select", [value.type], [first, value, rest])

    def collect(self, value: ir.Value, form: Form) -> ir.Value:
        with after(value), _location(value):
            whole = tensor_type(self.whole_shape[value], element_type(value))
            dim = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), form.dim)
            collected = custom_call(names.COLLECT, whole, [value], {names.DIM: dim})
            return self.in_order(collected, form) if form.outer > 1 else collected

    def in_order(self, collected: ir.Value, form: Form) -> ir.Value:
        """Rows that lie one microbatch after the other, [M, outer, rest], put where the program has them, [outer, M, rest]."""
        shape, element, parts = shape_of(collected), element_type(collected), self.answer.microbatches
        before, size, behind = shape[: form.dim], shape[form.dim], shape[form.dim + 1 :]
        rest = size // (form.outer * parts)
        lies, wanted = (*before, parts, form.outer, rest, *behind), (*before, form.outer, parts, rest, *behind)
        swapped = [*range(len(lies))]
        swapped[form.dim], swapped[form.dim + 1] = form.dim + 1, form.dim
        blocks = make("stablehlo.reshape", [tensor_type(lies, element)], [collected])
        turned = make("stablehlo.transpose", [tensor_type(wanted, element)], [blocks], {"permutation": i64s(swapped)})
        return make("stablehlo.reshape", [tensor_type(shape, element)], [turned])


def _accumulate(value: ir.Value, have: Form) -> ir.Value:
    """The fold over microbatches; sums of 16-bit and 8-bit floats are kept in f32, as the whole dot or reduce would do inside."""
    element, kind = element_type(value), {names.KIND: ir.StringAttr.get(have.fold)}
    narrow = isinstance(element, ir.FloatType) and element.width < 32
    if have.fold != "sum" or not narrow:
        return custom_call(names.ACCUMULATE, value.type, [value], kind)
    wide_type = tensor_type(shape_of(value), ir.F32Type.get())
    wide = make("stablehlo.convert", [wide_type], [value])
    return make("stablehlo.convert", [value.type], [custom_call(names.ACCUMULATE, wide_type, [wide], kind)])


def _location(value: ir.Value) -> ir.Location:
    return value.location if isinstance(value.owner, ir.Block) else value.owner.location
