"""Which values are split over microbatches, which are folded over them, and what couples them (docs/decisions/0002).

The batch arguments start as split where their rows lie; forms flow forward through every op by Shardy's sharding rules, through
loops to a fixpoint. Nothing is changed here: ``passes.microbatch.microbatch`` acts on the answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects.ops import body_ops, captured, entry_block, op_key
from passes.analysis.batch.leaf_forms import Coupled, Transfer, leaf_transfer
from passes.analysis.batch.linear import linear_transfer
from passes.analysis.batch.own import own_transfer
from passes.analysis.batch.picks import picking
from passes.analysis.batch.pieces import piecewise
from passes.analysis.ops.forms import AFTER, WHOLE, Form, join, whole_form

LATTICE_HEIGHT = 3  # whole < repeated < split; each pass over a loop moves at least one carried value


class Coupling(Exception):
    """An op needs more than one microbatch: ``value`` is the operand to blame (None when there is no single one)."""

    def __init__(self, op: ir.Operation, why: str, value: ir.Value | None) -> None:
        super().__init__(why)
        self.op, self.why, self.value = op, why, value
        self.mixed_at: ir.Operation | None = None  # where the rows were mixed, if that is before ``op``


@dataclass
class BatchForms:
    """The answer: the natural form of every value and, per ``op_key``, the forms that an op wants of its operands."""

    microbatches: int
    forms: dict[ir.Value, Form] = field(default_factory=dict[ir.Value, Form])
    wants: dict[ir.Value | ir.Block, tuple[Form, ...]] = field(
        default_factory=dict[ir.Value | ir.Block, tuple[Form, ...]]
    )

    def touches_batch(self, op: ir.Operation) -> bool:
        """Whether the op reads or makes a value of which each microbatch has its own."""
        values = [*op.operands, *op.results, *(captured(op) if len(op.regions) else [])]
        return any(
            not self.forms[value].is_whole or self.forms[value].repeated for value in values if value in self.forms
        )


def analyze_batch(
    func: ir.OpView,
    batch: Mapping[int, Form],
    microbatches: int,
    *,
    strict: bool = True,
    answer: BatchForms | None = None,
) -> BatchForms:
    """Forms of all values of ``func`` when the arguments ``batch`` are split as it says into ``microbatches``.

    With ``strict`` a coupling raises Coupling. Without, it is passed over (the value counts as whole), and a reshape may leave the
    batch in fewer parts than ``microbatches``: right for one microbatch, where the forms only tell along which dim it runs.
    """
    analyzer = _Analyzer(answer or BatchForms(microbatches), strict)
    block = entry_block(func)
    for i, argument in enumerate(block.arguments):
        analyzer.answer.forms[argument] = batch.get(i, WHOLE)
    for value, form in zip(body_ops(block)[-1].operands, analyzer.block(block), strict=True):
        if form.is_own:
            raise Coupling(body_ops(block)[-1], "returns what one iteration of an accumulation loop has", value)
    return analyzer.answer


class _Analyzer:
    def __init__(self, answer: BatchForms, strict: bool) -> None:
        self.answer, self.strict = answer, strict
        self.depth = 0
        rows = answer.microbatches
        self.fewer = [parts for parts in range(rows // 2, 1, -1) if rows % parts == 0]
        self.finished: set[ir.Value] = set()  # partial values that the region being visited reads complete

    def form(self, value: ir.Value) -> Form:
        if value in self.finished:
            return AFTER
        return self.answer.forms[value]

    def block(self, block: ir.Block) -> tuple[Form, ...]:
        """Visit every op; the forms that the terminator's operands have."""
        *ops, terminator = body_ops(block)
        for op in ops:
            if self.own(op):
                continue
            if op.name == "stablehlo.while":
                self.region_op(op, self.visit_while)
            elif op.name in ("stablehlo.if", "stablehlo.case"):
                self.region_op(op, self.visit_branches)
            else:
                self.leaf(op)
        return tuple(self.form(value) for value in terminator.operands)

    def own(self, op: ir.Operation) -> bool:
        """Whether ``op`` is a part of an accumulation loop taken apart; then its forms are known."""
        forms = [self.form(value) for value in op.operands]
        reads = [*forms, *(self.form(value) for value in (captured(op) if len(op.regions) else []))]
        found = own_transfer(op, forms, reads, self.answer.microbatches)
        if isinstance(found, Coupled):
            self.couple(op, found.why, op.operands[found.operand] if found.operand >= 0 else None)
        elif found is not None:
            self.record(op, found)
        return found is not None

    def record(self, op: ir.Operation, transfer: Transfer) -> None:
        self.answer.wants[op_key(op)] = transfer.wants
        for result, form in zip(op.results, transfer.gives, strict=True):
            self.answer.forms[result] = form if self.strict or not form.after else WHOLE

    def couple(self, op: ir.Operation, why: str, value: ir.Value | None) -> None:
        if self.strict:
            raise Coupling(op, why, value)
        self.record(op, Transfer(tuple(self.form(v) for v in op.operands), tuple([WHOLE] * len(op.results))))

    def leaf(self, op: ir.Operation) -> None:
        forms = [self.form(value) for value in op.operands]
        inner = captured(op) if len(op.regions) else []
        if (unfit := self.unfit(inner, forms)) is not None:
            blame = None if self.answer.forms[unfit].is_split else unfit
            return self.couple(op, "uses a value of the batch in its inner function", blame)
        if any(form.is_partial for form in forms):
            if self.depth and (transfer := linear_transfer(op, forms)):
                return self.record(op, transfer)
            if self.depth and self.strict:
                blame = next(i for i, form in enumerate(forms) if form.is_partial)
                return self.couple(op, "needs, inside a loop or branch, a sum over the whole batch", op.operands[blame])
            complete = AFTER if self.strict else WHOLE
            forms = [complete if form.is_partial else form for form in forms]
        pieces = any(form.is_split for form in forms) and not any(form.after for form in forms)
        transfer = piecewise(op, forms) if pieces else picking(op, forms, self.answer.microbatches)
        transfer = transfer or self.transfer(op, forms)
        if isinstance(transfer, Coupled):
            return self.couple(op, transfer.why, op.operands[transfer.operand] if transfer.operand >= 0 else None)
        if any(self.answer.forms[value].after for value in inner):
            transfer = Transfer(transfer.wants, tuple([AFTER] * len(op.results)))
        self.record(op, transfer)

    def transfer(self, op: ir.Operation, forms: list[Form]) -> Transfer | Coupled:
        """Where only the dim counts, fewer parts are tried too: 16 sequences that become 8 groups are 8 parts of the batch."""
        first = leaf_transfer(op, forms, self.answer.microbatches)
        for parts in () if self.strict or not isinstance(first, Coupled) else self.fewer:
            found = leaf_transfer(op, forms, parts)
            if not isinstance(found, Coupled):
                return found
        return first

    def unfit(self, inner: list[ir.Value], forms: list[Form]) -> ir.Value | None:
        """A value that an inner function (a reduction's body) may not read: nothing is converted inside of it."""
        once = all(form.is_whole and not form.repeated for form in forms)
        for value in inner:
            form = self.answer.forms[value]
            if not form.is_whole or form.repeated or (form.after and not once):
                return value
        return None

    def region_op(self, op: ir.Operation, visit: Callable[[ir.Operation], None]) -> None:
        outside = [v for v in (*op.operands, *captured(op)) if self.form(v).is_partial or self.form(v).repeated]
        self.depth += 1
        try:
            visit(op)
            self.settle(op)
        except Coupling:
            if not outside or self.depth > 1:
                raise
            self.finished.update(outside)
            visit(op)
            self.settle(op)
        finally:
            self.depth -= 1
            self.finished.difference_update(outside)

    def settle(self, op: ir.Operation) -> None:
        """A region op runs as a whole: once per microbatch, or after all of them. Its whole results say which."""
        reads = [*op.operands, *captured(op)]
        forms = [*(self.form(value) for value in reads), *(self.answer.forms[result] for result in op.results)]
        late = next((value for value in reads if self.form(value).after), None)
        if late is not None and any(not form.is_whole or form.repeated for form in forms):
            self.couple(op, "needs a value that is complete only after all microbatches", late)
        for result in op.results:
            if self.answer.forms[result].is_whole and self.strict:
                self.answer.forms[result] = whole_form(forms)

    def visit_while(self, op: ir.Operation) -> None:
        carried = tuple(self.form(value) for value in op.operands)
        condition, body = (region.blocks[0] for region in op.regions)
        for _ in range(LATTICE_HEIGHT * len(carried) + 1):
            for block in (condition, body):
                for argument, form in zip(block.arguments, carried, strict=True):
                    self.answer.forms[argument] = form
            if not self.block(condition)[0].is_whole:
                return self.couple(op, "loops until a value of the batch says so", None)
            merged = self.merge(op, carried, self.block(body))
            if merged is None or merged == carried:
                break
            carried = merged
        else:
            return self.couple(op, "has no stable split of its carried values", None)
        if merged is None:
            return None
        for block in (condition, body):
            self.answer.wants[op_key(body_ops(block)[-1])] = carried if block is body else (WHOLE,)
        self.record(op, Transfer(carried, carried))

    def visit_branches(self, op: ir.Operation) -> None:
        chosen_by = self.form(op.operands[0])
        if chosen_by.is_partial and self.strict:
            raise Coupling(op, "chooses a branch by a sum over the whole batch", op.operands[0])
        if chosen_by.is_split:
            return self.couple(op, "chooses a branch by a value of the batch", op.operands[0])
        merged: tuple[Form, ...] | None = tuple([WHOLE] * len(op.results))
        for region in op.regions:
            merged = self.merge(op, merged, self.block(region.blocks[0]))
            if merged is None:
                return None
        for region in op.regions:
            self.answer.wants[op_key(body_ops(region.blocks[0])[-1])] = merged
        self.record(op, Transfer((chosen_by,), merged))

    def merge(self, op: ir.Operation, one: tuple[Form, ...], other: tuple[Form, ...]) -> tuple[Form, ...] | None:
        merged: list[Form] = []
        for a, b in zip(one, other, strict=True):
            form = join(a, b) or (None if self.strict else WHOLE)
            if form is None:
                self.couple(op, "carries a value that is split in one place and complete in another", None)
                return None
            merged.append(form)
        return tuple(merged)
