"""Integer tensors that count along one of their dims: ``value[i0, i1, …] == i_d``, as ``arange(n)`` gives and reshapes carry on.

JAX makes indices non-negative by ``select(i < 0, i + n, i)``; of a counter that is the counter itself.
"""

from collections.abc import Callable

import numpy as np
from jaxlib.mlir import ir

from dialects.constants import can_list, constant_elements, splat_integer
from dialects.ops import defining_op, element_type, shape_of

MAX_CONSTANT = 1 << 20  # elements of a constant that are looked at


def counts_along(value: ir.Value) -> int | None:
    """The dim along which ``value`` counts 0, 1, 2, …; None when it is not known to. Dims of one element count for nothing."""
    op = defining_op(value)
    if op is None or not isinstance(element_type(value), ir.IntegerType):
        return None
    dim = _STEPS[op.name](op) if op.name in _STEPS else None
    shape = shape_of(value)
    return dim if dim is not None and shape[dim] > 1 and shape[dim] - 1 <= _largest(value) else None


def _largest(value: ir.Value) -> int:
    element = ir.IntegerType(element_type(value))
    return 2 ** (element.width - (0 if element.is_unsigned else 1)) - 1


def _iota(op: ir.Operation) -> int | None:
    return ir.IntegerAttr(op.attributes["iota_dimension"]).value


def _constant(op: ir.Operation) -> int | None:
    elements, shape = constant_elements(op), shape_of(op.results[0])
    if elements is None or elements.is_splat or not can_list(elements) or not 1 < int(np.prod(shape)) <= MAX_CONSTANT:
        return None
    held = np.array(elements)
    return next((d for d in range(held.ndim) if np.array_equal(held, np.indices(shape, sparse=False)[d])), None)


def _same(op: ir.Operation) -> int | None:
    return counts_along(op.operands[0])


def _broadcast(op: ir.Operation) -> int | None:
    dim = counts_along(op.operands[0])
    return None if dim is None else list(ir.DenseI64ArrayAttr(op.attributes["broadcast_dimensions"]))[dim]


def _reshape(op: ir.Operation) -> int | None:
    """Only dims of one element come and go."""
    dim, before, after = counts_along(op.operands[0]), shape_of(op.operands[0]), shape_of(op.results[0])
    if dim is None or [size for size in before if size > 1] != [size for size in after if size > 1]:
        return None
    number = sum(size > 1 for size in before[:dim])
    return [place for place, size in enumerate(after) if size > 1][number]


def _transpose(op: ir.Operation) -> int | None:
    dim = counts_along(op.operands[0])
    return None if dim is None else list(ir.DenseI64ArrayAttr(op.attributes["permutation"])).index(dim)


def _select(op: ir.Operation) -> int | None:
    return counts_along(op.operands[2]) if _is_false(op.operands[0]) else None


def _clamp(op: ir.Operation) -> int | None:
    low, value, high = op.operands
    dim, least, most = counts_along(value), splat_integer(low), splat_integer(high)
    if dim is None or least is None or most is None:
        return None
    return dim if least <= 0 and most >= shape_of(value)[dim] - 1 else None


def _is_false(value: ir.Value) -> bool:
    """Whether no element is true: the constant, or a counter that would be below zero."""
    op = defining_op(value)
    if op is not None and op.name == "stablehlo.compare" and "LT" in str(op.attributes["comparison_direction"]):
        return counts_along(op.operands[0]) is not None and splat_integer(op.operands[1]) == 0
    return splat_integer(value) == 0


_STEPS: dict[str, Callable[[ir.Operation], int | None]] = {
    "stablehlo.iota": _iota,
    "stablehlo.constant": _constant,
    "stablehlo.convert": _same,
    "stablehlo.broadcast_in_dim": _broadcast,
    "stablehlo.reshape": _reshape,
    "stablehlo.transpose": _transpose,
    "stablehlo.select": _select,
    "stablehlo.clamp": _clamp,
}
