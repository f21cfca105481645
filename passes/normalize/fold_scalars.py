"""Arithmetic on integer scalars that are constants: the counters of unrolled loops."""

from collections.abc import Callable

from jaxlib.mlir import ir

from passes.analysis.ops.trip_count import constant_integer

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "EQ": lambda a, b: a == b,
    "NE": lambda a, b: a != b,
    "LT": lambda a, b: a < b,
    "LE": lambda a, b: a <= b,
    "GT": lambda a, b: a > b,
    "GE": lambda a, b: a >= b,
}
_BINARY: dict[str, Callable[[int, int], int]] = {
    "stablehlo.add": lambda a, b: a + b,
    "stablehlo.subtract": lambda a, b: a - b,
    "stablehlo.multiply": lambda a, b: a * b,
    "stablehlo.minimum": min,
    "stablehlo.maximum": max,
}


def fold_scalar(op: ir.Operation) -> None:
    """Replace an op on constant integer scalars by a constant; leave every other op alone."""
    if len(op.results) != 1 or not isinstance(op.results[0].type, ir.RankedTensorType) or not len(op.operands):
        return
    kind = ir.RankedTensorType(op.results[0].type)
    numbers = [constant_integer(operand) for operand in op.operands]
    if op.name == "stablehlo.select" and numbers[0] is not None:
        op.results[0].replace_all_uses_with(op.operands[1] if numbers[0] else op.operands[2])
        return
    if kind.rank or not isinstance(kind.element_type, ir.IntegerType) or None in numbers:
        return
    number = _value(op, [item for item in numbers if item is not None], kind.element_type)
    if number is None:
        return
    with op.location, ir.InsertionPoint(op):
        literal = ir.DenseElementsAttr.get_splat(kind, ir.IntegerAttr.get(kind.element_type, number))
        constant = ir.Operation.create("stablehlo.constant", [kind], attributes={"value": literal})
    op.results[0].replace_all_uses_with(constant.results[0])


def _value(op: ir.Operation, numbers: list[int], element: ir.IntegerType) -> int | None:
    if op.name in _BINARY:
        number = _BINARY[op.name](*numbers)
    elif op.name == "stablehlo.compare":
        direction = str(op.attributes["comparison_direction"]).rstrip(">").rsplit(" ", 1)[-1]
        number = int(_COMPARE[direction](*numbers)) if direction in _COMPARE else None
    elif op.name == "stablehlo.convert":
        number = numbers[0]
    else:
        return None
    return number if number is not None and _fits(number, element) else None


def _fits(number: int, element: ir.IntegerType) -> bool:
    """Overflow is left to whoever runs the program."""
    if element.width == 1:
        return number in (0, 1)
    if element.is_unsigned:
        return 0 <= number < 2**element.width
    return -(2 ** (element.width - 1)) <= number < 2 ** (element.width - 1)
