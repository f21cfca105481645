"""A loop with only some of its carried values: what they need of the body, and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from jaxlib.mlir import ir

from dialects.build import make, tensor_type
from dialects.clone import clone_op
from dialects.op_sets import OpSet
from dialects.ops import all_operands, all_ops, body_ops, defining_op

_HEAVY = ("stablehlo.dot_general", "stablehlo.convolution")


def closure(loop: ir.Operation, wanted: Iterable[int]) -> tuple[set[int], OpSet]:
    """The carried values that ``wanted`` ones depend on, these and the condition's included; and the ops of the body for it."""
    condition, body = (region.blocks[0] for region in loop.regions)
    end = body_ops(body)[-1]
    kept, needed = set[int](), OpSet()
    pending = [*wanted, *(i for i, variable in enumerate(condition.arguments) if list(variable.uses))]
    while pending:
        position = pending.pop()
        if position in kept:
            continue
        kept.add(position)
        values = [end.operands[position]]
        while values:
            value = values.pop()
            if isinstance(value, ir.BlockArgument):
                if value.owner == body:
                    pending.append(value.arg_number)
                continue
            op = defining_op(value)
            if op is not None and op.block == body and op not in needed:
                needed.add(op)
                values += all_operands(op)
    return kept, needed


def is_apart(loop: ir.Operation, wanted: Sequence[int], free: set[int]) -> bool:
    """Whether the ``wanted`` values depend on no carried ones but ``free`` ones, and on no matmul: cheap to run by themselves."""
    kept, needed = closure(loop, wanted)
    return kept <= free and not any(inner.name in _HEAVY for op in needed for inner in all_ops(op))


def without(loop: ir.Operation, position: int, data: set[ir.Value]) -> bool:
    """Whether a carried value depends on nothing that is ``data``, as a count of the iterations does not."""
    kept, needed = closure(loop, [position])
    reads = [value for op in needed for value in all_operands(op)]
    return not any(value in data for value in (*reads, *(loop.operands[i] for i in kept)))


def part_of_loop(
    loop: ir.Operation,
    wanted: Sequence[int],
    until: ir.Value | None = None,
    instead: Mapping[ir.Value, ir.Value] = MappingProxyType({}),
) -> dict[int, ir.Value]:
    """At the insertion point, ``loop`` again with what ``wanted`` needs; its results, by their positions in ``loop``.

    ``until``: run only while the counter, which the condition compares, is below this scalar of its type. ``instead``: other values
    for some that the loop reads from outside.
    """
    kept, needed = closure(loop, wanted)
    order = sorted(kept)
    types = [loop.results[i].type for i in order]
    copy = ir.Operation.create(
        "stablehlo.while",
        results=types,
        operands=[instead.get(loop.operands[i], loop.operands[i]) for i in order],
        regions=2,
    )
    for number, region in enumerate(copy.regions):
        source = loop.regions[number].blocks[0]
        block = region.blocks.append(*types, arg_locs=[source.arguments[i].location for i in order])
        mapping = {**instead, **dict(zip((source.arguments[i] for i in order), block.arguments, strict=True))}
        *ops, end = body_ops(source)
        with ir.InsertionPoint(block):
            for op in ops:
                if number == 0 or op in needed:
                    clone_op(op, mapping)
            returned = [end.operands[i] for i in order] if number else list(end.operands)
            values = [mapping.get(value, value) for value in returned]
            if until is not None and number == 0:
                values = [_below(values[0], until)]
            ir.Operation.create("stablehlo.return", operands=values)
    return {i: copy.results[position] for position, i in enumerate(order) if i in wanted}


def _below(test: ir.Value, until: ir.Value) -> ir.Value:
    """``counter < until`` in the place of ``counter < constant``, which ``test`` asks."""
    compare = defining_op(test)
    assert compare is not None
    attributes = {"comparison_direction": ir.Attribute.parse("#stablehlo<comparison_direction LT>")}
    return make(
        "stablehlo.compare", [tensor_type((), ir.IntegerType.get_signless(1))], [compare.operands[0], until], attributes
    )
