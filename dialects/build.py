"""Makers of the few StableHLO ops that passes insert, at the current insertion point and location."""

from collections.abc import Mapping, Sequence

from jaxlib.mlir import ir

CALL = "stablehlo.custom_call"


def tensor_type(shape: Sequence[int], element: ir.Type) -> ir.RankedTensorType:
    """``tensor<shape x element>``."""
    return ir.RankedTensorType.get(list(shape), element)


def make(
    name: str,
    results: Sequence[ir.Type],
    operands: Sequence[ir.Value],
    attributes: Mapping[str, ir.Attribute] | None = None,
) -> ir.Value:
    """One op with one result; its value."""
    op = ir.Operation.create(name, results=list(results), operands=list(operands), attributes=dict(attributes or {}))
    return op.results[0]


def splat(shape: Sequence[int], element: ir.Type, literal: str) -> ir.Value:
    """``stablehlo.constant dense<literal> : tensor<shape x element>``."""
    if isinstance(element, ir.ComplexType):  # jaxlib 0.10 cannot hold a complex elements attribute
        real, imaginary = literal.strip("()").split(",")
        parts = [splat(shape, element.element_type, part) for part in (real, imaginary)]
        return make("stablehlo.complex", [tensor_type(shape, element)], parts)
    kind = tensor_type(shape, element)
    return make("stablehlo.constant", [kind], [], {"value": ir.Attribute.parse(f"dense<{literal}> : {kind}")})


def i64s(values: Sequence[int]) -> ir.Attribute:
    """``array<i64: …>``."""
    return ir.DenseI64ArrayAttr.get(list(values))


def custom_call(
    target: str, result: ir.Type, operands: Sequence[ir.Value], attributes: Mapping[str, ir.Attribute]
) -> ir.Value:
    """``stablehlo.custom_call @target`` with our own attributes, a marker between passes that never reaches XLA."""
    return make(CALL, [result], operands, {"call_target_name": ir.StringAttr.get(target), **attributes})


def call_target(op: ir.Operation) -> str | None:
    """The target of a custom_call; None for other ops."""
    if op.name != CALL:
        return None
    return ir.StringAttr(op.attributes["call_target_name"]).value


def after(value: ir.Value) -> ir.InsertionPoint:
    """The point right after the definition of ``value`` (the start of the block for a block argument)."""
    if isinstance(value.owner, ir.Block):
        return ir.InsertionPoint.at_block_begin(value.owner)
    return ir.InsertionPoint.after(value.owner)
