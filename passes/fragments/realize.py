"""``realize``: each (phase, stage) becomes a function of its own."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.op_sets import OpSet
from dialects.ops import body_ops, entry_block, main_func
from dialects.signature import attr_dicts, int_of, op_int, set_attr_dicts, text_of
from dialects.values import INDEX, acc_id, arg_id, batch_id, v_id
from passes.analysis.batch.arguments import rows_of
from passes.analysis.stages.fragments import Fragments
from passes.base import Pass
from passes.fragments.outline import outline


@dataclass(frozen=True, kw_only=True)
class Realize(Pass):
    """Outline every fragment, the part of a phase that one stage runs, and rewrite @main as calls in the order of one microbatch.

    A fragment is what a mesh compiles and a schedule runs. Value ids tie the functions together: ``arg3`` argument 3,
    ``batch3`` its rows for one microbatch, ``index`` the microbatch's number, ``acc0`` a fold in progress, ``v0`` anything
    else. Why functions and not mpmd.fragment: docs/decisions/0003.

    Input:
        %h = dot %x, %w1  {mw.phase = "forward", mw.stage = 0}
        %y = dot %h, %w2  {mw.phase = "forward", mw.stage = 1}
        %a = custom_call @mw.accumulate(%y) {mw.kind = "sum", mw.phase = "forward", mw.stage = 1}
    Output:
        func @stage1_setup() -> (tensor {mw.value = "acc0"})             the neutral element
        func @stage0_forward(%x {mw.value = "batch1"}, %w1 {mw.value = "arg0"}) -> (tensor {mw.value = "v0"})
        func @stage1_forward(%acc {mw.value = "acc0"}, %w2, %h {mw.value = "v0"}) -> (tensor {mw.value = "acc0"})   acc + %y
        func @main(…) { call @stage1_setup; call @stage0_forward; call @stage1_forward … }
    """

    name: ClassVar[str] = "realize"

    def run(self, module: ir.Module) -> None:
        func = main_func(module)
        fragments = Fragments(func)
        ids, dims = value_ids(func, fragments)
        block = entry_block(func)
        old = body_ops(block)
        terminator = old[-1]
        current: dict[str, ir.Value] = {ids[value]: value for value in block.arguments}
        microbatches = op_int(module.operation, names.MICROBATCHES) or 1
        for key in sorted(fragments.content, key=lambda key: key.order):
            content = fragments.content[key]
            if not content.gives and not content.folds and not content.starts:
                continue
            made = outline(module, key, content, ids, dims, microbatches)
            _call(terminator, made, current)
        entries = attr_dicts(func, "res_attrs")
        for i, value in enumerate(terminator.operands):
            entries[i][names.VALUE] = ir.StringAttr.get(ids[value])
            terminator.operands[i] = current[ids[value]]
        arguments = attr_dicts(func, "arg_attrs")
        for value, entry in zip(block.arguments, arguments, strict=True):
            entry[names.VALUE] = ir.StringAttr.get(ids[value])
        set_attr_dicts(func, "res_attrs", entries)
        set_attr_dicts(func, "arg_attrs", arguments)
        for op in reversed(old[:-1]):
            op.erase()


def value_ids(func: ir.OpView, fragments: Fragments) -> tuple[dict[ir.Value, str], dict[ir.Value, int]]:
    """The id of every value that crosses a fragment's border, and the dim that the batch runs along in it (-1: none)."""
    ids: dict[ir.Value, str] = {}
    dims: dict[ir.Value, int] = {}
    for i, (value, entry) in enumerate(zip(entry_block(func).arguments, attr_dicts(func, "arg_attrs"), strict=True)):
        role, known = text_of(entry, names.ROLE), int_of(entry, names.INDEX)
        index = i if known is None else known
        if role == "microbatch":
            ids[value] = INDEX
        else:
            ids[value] = batch_id(index) if role == "batch" and names.WHOLE not in entry else arg_id(index)
        dims[value] = rows_of(entry).dim if role == "batch" else -1
    folds = _folds(fragments)
    for number, op in enumerate(op for op in fragments.ops if op in folds):
        ids[op.results[0]] = acc_id(number)
        dim = op_int(op, names.DIM)
        dims[op.results[0]] = -1 if dim is None else dim
    number = 0
    for op in fragments.ops:
        batch_dims = (
            list(ir.DenseI64ArrayAttr(op.attributes[names.BATCH_DIM])) if names.BATCH_DIM in op.attributes else []
        )
        for i, result in enumerate(op.results):
            if result in ids:
                continue
            ids[result] = v_id(number)
            dims[result] = batch_dims[i] if batch_dims else -1
            number += 1
    return ids, dims


def _folds(fragments: Fragments) -> OpSet:
    return OpSet(op for content in fragments.content.values() for op in content.folds)


def _call(terminator: ir.Operation, made: ir.Operation, current: dict[str, ir.Value]) -> None:
    inputs = [
        text_of({n.name: n.attr for n in ir.DictAttr(e)}, names.VALUE)
        for e in ir.ArrayAttr(made.attributes["arg_attrs"])
    ]
    outputs = [
        text_of({n.name: n.attr for n in ir.DictAttr(e)}, names.VALUE)
        for e in ir.ArrayAttr(made.attributes["res_attrs"])
    ]
    kind = ir.FunctionType(ir.TypeAttr(made.attributes["function_type"]).value)
    name = ir.StringAttr(made.attributes["sym_name"]).value
    with ir.InsertionPoint(terminator), ir.Location.unknown():
        call = ir.Operation.create(
            "func.call",
            results=list(kind.results),
            operands=[current[value] for value in inputs],
            attributes={"callee": ir.FlatSymbolRefAttr.get(name)},
        )
    current.update(zip(outputs, call.results, strict=True))
