"""Integer scalars that go in equal steps with a counter: where iteration k of a loop begins to read."""

from collections.abc import Callable
from dataclasses import dataclass

from jaxlib.mlir import ir

from dialects.constants import splat_integer
from dialects.ops import defining_op, element_type
from passes.analysis.ops.trip_count import constant_integer

IsCounter = Callable[[ir.Value], bool]


@dataclass(frozen=True)
class Affine:
    """``first + step * counter``."""

    first: int
    step: int

    def within(self, low: int, high: int, trips: int) -> bool:
        """Whether it is from ``low`` to ``high`` for the counters 0 to ``trips`` - 1."""
        ends = self.first, self.first + self.step * (trips - 1)
        return low <= min(ends) and max(ends) <= high


def affine_of(value: ir.Value, is_counter: IsCounter, trips: int) -> Affine | None:
    """What ``value`` is of a counter that goes from 0 to ``trips`` - 1, where that can be read and nothing wraps around.

    JAX makes indices non-negative by ``select(i < 0, i + n, i)``; of what is never negative that is itself.
    """
    found = _read(value, is_counter, trips)
    kind = element_type(value)
    if found is None or not isinstance(kind, ir.IntegerType):
        return None
    low, high = (0, 2**kind.width) if kind.is_unsigned else (-(2 ** (kind.width - 1)), 2 ** (kind.width - 1))
    return found if found.within(low, high - 1, trips) else None


def _read(value: ir.Value, is_counter: IsCounter, trips: int) -> Affine | None:
    if is_counter(value):
        return Affine(0, 1)
    if (constant := constant_integer(value)) is not None:
        return Affine(constant, 0)
    op = defining_op(value)
    if op is None:
        return None
    if op.name in ("stablehlo.convert", "stablehlo.reshape"):
        return affine_of(op.operands[0], is_counter, trips)
    if op.name == "stablehlo.select":
        kept = affine_of(op.operands[2], is_counter, trips)
        return kept if kept is not None and _is_false(op.operands[0], is_counter, trips) else None
    if op.name not in _COMBINE:
        return None
    one, other = (affine_of(operand, is_counter, trips) for operand in op.operands)
    return None if one is None or other is None else _COMBINE[op.name](one, other)


def _is_false(value: ir.Value, is_counter: IsCounter, trips: int) -> bool:
    """Whether ``value`` asks if something is below zero that never is."""
    op = defining_op(value)
    if op is None or op.name != "stablehlo.compare" or " LT>" not in str(op.attributes["comparison_direction"]):
        return False
    asked = affine_of(op.operands[0], is_counter, trips)
    return asked is not None and asked.within(0, 1 << 62, trips) and splat_integer(op.operands[1]) == 0


def _times(one: Affine, other: Affine) -> Affine | None:
    if one.step and other.step:
        return None
    factor, moving = (other.first, one) if one.step else (one.first, other)
    return Affine(moving.first * factor, moving.step * factor)


_COMBINE: dict[str, Callable[[Affine, Affine], Affine | None]] = {
    "stablehlo.add": lambda one, other: Affine(one.first + other.first, one.step + other.step),
    "stablehlo.subtract": lambda one, other: Affine(one.first - other.first, one.step - other.step),
    "stablehlo.multiply": _times,
}
