"""What constants hold, and whether two values are the same constant.

Ask here: the bindings (jaxlib 0.10) raise TypeError when an attribute is compared with None or read as a complex one, ValueError
when a ``dense_resource`` is taken for numbers.
"""

from jaxlib.mlir import ir

from dialects.ops import defining_op

_CARRIES = ("stablehlo.broadcast_in_dim", "stablehlo.reshape")  # ops that leave a splat what it is
_WHOLE_BYTES = (1, 8, 16, 32, 64)  # widths of integers that the bindings can list


def constant_elements(op: ir.Operation | None) -> ir.DenseElementsAttr | None:
    """The elements of a ``stablehlo.constant``; None for other ops and for kinds that the bindings cannot hold (complex)."""
    if op is None or op.name != "stablehlo.constant":
        return None
    try:
        value = op.attributes["value"]
    except TypeError:
        return None
    return value if isinstance(value, ir.DenseElementsAttr) else None


def splat_element(value: ir.Value) -> ir.Attribute | None:
    """What every element of ``value`` is, through broadcasts and reshapes of a constant; None where that is not known."""
    source = defining_op(value)
    while source is not None and source.name in _CARRIES:
        source = defining_op(source.operands[0])
    elements = constant_elements(source)
    return elements.get_splat_value() if elements is not None and elements.is_splat else None


def same_constant(value: ir.Value, other: ir.Value) -> bool:
    """Whether both are known to hold one and the same number everywhere: one type, one bit pattern (0.0 is not -0.0)."""
    mine, its = splat_element(value), splat_element(other)
    return mine is not None and its is not None and mine == its


def is_constant(value: ir.Value, literal: str) -> bool:
    """Whether all of ``value`` is known to be ``literal``, as ``dense<literal>`` of its element type has it."""
    mine, element = splat_element(value), ir.RankedTensorType(value.type).element_type
    if mine is None:
        return False
    want = ir.DenseElementsAttr(ir.Attribute.parse(f"dense<{literal}> : {ir.RankedTensorType.get([], element)}"))
    return mine == want.get_splat_value()


def splat_integer(value: ir.Value) -> int | None:
    """The integer that all elements of ``value`` are; None for floats and where it is not known. True is 1."""
    element = splat_element(value)
    if isinstance(element, ir.BoolAttr):
        return int(element.value)
    return element.value if isinstance(element, ir.IntegerAttr) else None


def can_list(elements: ir.DenseElementsAttr) -> bool:
    """Whether the bindings can give the elements one by one: not those of 2 or 4 bits."""
    element = ir.RankedTensorType(elements.type).element_type
    return not isinstance(element, ir.IntegerType) or element.width in _WHOLE_BYTES
