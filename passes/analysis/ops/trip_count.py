"""How often a ``stablehlo.while`` runs, where that can be read: a counter from a constant, by a constant, up to a constant."""

from jaxlib.mlir import ir

from dialects.constants import splat_integer
from dialects.ops import body_ops, defining_op

_DIRECTIONS = ("LT", "LE", "NE")


def trip_count(loop: ir.Operation) -> int | None:
    """The number of iterations of ``loop``; None when it is not a counted loop or never ends.

    The pattern of jax's scan and fori_loop: the condition is ``counter < constant`` and the body adds a constant to the counter.
    """
    condition, body = (region.blocks[0] for region in loop.regions)
    test = body_ops(condition)[-1].operands[0]
    compare = _definition(test, "stablehlo.compare")
    if compare is None:
        return None
    counter, limit = compare.operands[0], constant_integer(compare.operands[1])
    if limit is None or not isinstance(counter, ir.BlockArgument) or counter.owner != condition:
        return None
    position = counter.arg_number
    start = constant_integer(loop.operands[position])
    step = _step(body_ops(body)[-1].operands[position], body.arguments[position])
    if start is None or step is None or step < 1:
        return None
    direction = _direction(compare)
    if direction == "LT":
        return max(0, -((start - limit) // step))
    if direction == "LE":
        return max(0, (limit - start) // step + 1)
    if direction == "NE" and limit >= start and (limit - start) % step == 0:
        return (limit - start) // step
    return None


def _direction(compare: ir.Operation) -> str:
    text = str(compare.attributes["comparison_direction"])
    return next((name for name in _DIRECTIONS if f" {name}>" in text), "")


def _step(after: ir.Value, before: ir.Value) -> int | None:
    add = _definition(after, "stablehlo.add")
    if add is None:
        return None
    one, other = add.operands
    if one == before:
        return constant_integer(other)
    return constant_integer(one) if other == before else None


def _definition(value: ir.Value, name: str) -> ir.Operation | None:
    op = defining_op(value)
    return op if op is not None and op.name == name else None


def constant_integer(value: ir.Value) -> int | None:
    """The number that an integer scalar ``stablehlo.constant`` holds, else None."""
    if _definition(value, "stablehlo.constant") is None or ir.RankedTensorType(value.type).rank:
        return None
    return splat_integer(value)
