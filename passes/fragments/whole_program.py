"""``whole-program``: @main as it stands becomes the one fragment of one mesh."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.errors import fail
from dialects.ops import body_ops, entry_block, main_func
from dialects.signature import attr_dicts, i64, set_attr_dicts, text_of
from dialects.values import UPDATE, arg_id, batch_id, v_id
from passes.analysis.batch.arguments import rows_of
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class WholeProgram(Pass):
    """Make @main as it stands the one fragment of one mesh: value ids on its arguments and results, a phase and a stage on itself.

    Shardings can then be chosen without a pipeline. Its phase is the one that runs once a step. Needs normalize and assign-roles;
    choose-shardings comes next.

    Input:
        func @main(%w: tensor<4x4xf32> {mw.role = "parameter", mw.state_result = 0}, %x: tensor<8x4xf32> {mw.role = "batch"})
    Output:
        func @main(%w {…, mw.value = "arg0", mw.value_dim = -1}, %x {…, mw.value = "batch1", mw.value_dim = 0})
            -> (tensor<4x4xf32> {…, mw.value = "v0"}) attributes {mw.phase = "update", mw.stage = 0}
    """

    name: ClassVar[str] = "whole-program"

    def run(self, module: ir.Module) -> None:
        func = main_func(module)
        block = entry_block(func)
        arguments, results = attr_dicts(func, "arg_attrs"), attr_dicts(func, "res_attrs")
        if not all(names.ROLE in entry for entry in (*arguments, *results)):
            fail(
                "@main's arguments and results have no roles",
                where=f"pass {self.name}",
                remedy="run assign-roles first",
            )
        ids: dict[ir.Value, str] = {}
        dims: dict[ir.Value, int] = {}
        for number, (value, entry) in enumerate(zip(block.arguments, arguments, strict=True)):
            is_batch = text_of(entry, names.ROLE) == "batch"
            ids[value], dims[value] = (batch_id(number), rows_of(entry).dim) if is_batch else (arg_id(number), -1)
            _name(entry, ids[value], dims[value])
        returned = body_ops(block)[-1].operands
        for number, (value, entry) in enumerate(zip(returned, results, strict=True)):
            _name(entry, ids.setdefault(value, v_id(number)), dims[value] if value in dims else _batch_dim(value))
        set_attr_dicts(func, "arg_attrs", arguments)
        set_attr_dicts(func, "res_attrs", results)
        func.operation.attributes[names.PHASE] = ir.StringAttr.get(UPDATE)
        func.operation.attributes[names.STAGE] = i64(0)


def _name(entry: dict[str, ir.Attribute], value_id: str, dim: int) -> None:
    entry[names.VALUE] = ir.StringAttr.get(value_id)
    entry[names.VALUE_DIM] = i64(dim)


def _batch_dim(value: ir.Value) -> int:
    """What ``microbatch`` wrote on the op, if it ran."""
    if not isinstance(value, ir.OpResult) or names.BATCH_DIM not in value.owner.operation.attributes:
        return -1
    return list(ir.DenseI64ArrayAttr(value.owner.operation.attributes[names.BATCH_DIM]))[value.result_number]
