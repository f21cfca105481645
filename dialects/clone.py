"""Copies of ops that read other values than the originals."""

from jaxlib.mlir import ir

from dialects.ops import all_ops, captured


def clone_op(op: ir.Operation, mapping: dict[ir.Value, ir.Value]) -> ir.Operation:
    """A copy of ``op`` at the insertion point that reads what ``mapping`` says, inside of its regions too; it maps the results."""
    outer = captured(op) if len(op.regions) else []
    clone = op.clone().operation
    for i, operand in enumerate(op.operands):
        clone.operands[i] = mapping.get(operand, operand)
    for value in outer:
        if value in mapping:
            _replace_inside(clone, value, mapping[value])
    for mine, its in zip(op.results, clone.results, strict=True):
        mapping[mine] = its
    return clone


def _replace_inside(op: ir.Operation, old: ir.Value, new: ir.Value) -> None:
    for inner in all_ops(op)[1:]:
        for i, operand in enumerate(inner.operands):
            if operand == old:
                inner.operands[i] = new
