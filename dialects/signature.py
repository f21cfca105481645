"""Reading and changing what a function says about its arguments and results."""

from collections.abc import Mapping

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import body_ops, entry_block

ALIAS = "tf.aliasing_output"


def fragment_funcs(module: ir.Module) -> list[ir.OpView]:
    """The fragments of a realized module, in module order; none before ``realize``."""
    funcs = [op for op in module.body.operations if op.operation.name == "func.func"]
    return [func for func in funcs if names.PHASE in func.operation.attributes]


def attr_dicts(func: ir.OpView, which: str) -> list[dict[str, ir.Attribute]]:
    """``arg_attrs`` or ``res_attrs`` of ``func`` as one dict per argument or result (empty dicts when it has none)."""
    attributes = func.operation.attributes
    count = len(entry_block(func).arguments) if which == "arg_attrs" else len(body_ops(entry_block(func))[-1].operands)
    if which not in attributes:
        return [{} for _ in range(count)]
    return [{item.name: item.attr for item in ir.DictAttr(entry)} for entry in ir.ArrayAttr(attributes[which])]


def set_attr_dicts(func: ir.OpView, which: str, entries: list[dict[str, ir.Attribute]]) -> None:
    """Write ``arg_attrs`` or ``res_attrs``."""
    func.operation.attributes[which] = ir.ArrayAttr.get([ir.DictAttr.get(entry) for entry in entries])


def aliases(func: ir.OpView) -> dict[int, int]:
    """Argument -> the result that may take its buffer: of a user's @main, what donation says of state."""
    found = {position: int_of(entry, ALIAS) for position, entry in enumerate(attr_dicts(func, "arg_attrs"))}
    return {position: result for position, result in found.items() if result is not None}


def refresh_type(func: ir.OpView) -> None:
    """Make the function's type say what its entry block and its return really have."""
    block = entry_block(func)
    inputs = [argument.type for argument in block.arguments]
    results = [value.type for value in body_ops(block)[-1].operands]
    func.operation.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(inputs, results))


def add_argument(
    func: ir.OpView, kind: ir.Type, attributes: Mapping[str, ir.Attribute], location: ir.Location
) -> ir.Value:
    """Append an argument to ``func`` with its attributes; its value."""
    entries = attr_dicts(func, "arg_attrs")
    value = entry_block(func).add_argument(kind, location)
    set_attr_dicts(func, "arg_attrs", [*entries, dict(attributes)])
    refresh_type(func)
    return value


def text_of(attributes: Mapping[str, ir.Attribute], key: str, default: str = "") -> str:
    """A string attribute's text."""
    return ir.StringAttr(attributes[key]).value if key in attributes else default


def int_of(attributes: Mapping[str, ir.Attribute], key: str) -> int | None:
    """An integer attribute's number; None when it is not there."""
    return ir.IntegerAttr(attributes[key]).value if key in attributes else None


def i64(number: int) -> ir.IntegerAttr:
    """``number : i64``."""
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(64), number)


def op_text(op: ir.Operation, key: str) -> str:
    """A string attribute of an op; "" when it is not there."""
    return ir.StringAttr(op.attributes[key]).value if key in op.attributes else ""


def op_int(op: ir.Operation, key: str) -> int | None:
    """An integer attribute of an op; None when it is not there."""
    return ir.IntegerAttr(op.attributes[key]).value if key in op.attributes else None
