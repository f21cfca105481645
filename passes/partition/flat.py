"""Several tensors as one flat buffer, one collective on it, and the tensors again.

What a collective scatters or gathers must lie in one piece a device, so the buffer has a dim for the p devices of a group, and
each member its columns:

    all_reduce        f32[4,6], f32[3]                        -> f32[27], summed                  -> f32[4,6], f32[3]
    reduce_scatter    f32[4,6] by dim 1, f32[8] by dim 0      -> f32[p, 24/p + 8/p], one row left -> f32[4,6/p], f32[8/p]
    all_gather        f32[4,6/p] along dim 1, f32[8/p]        -> f32[1, 24/p + 8/p], p rows       -> f32[4,6], f32[8]
"""

from collections.abc import Sequence
from itertools import accumulate
from math import prod

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import i64s, tensor_type
from dialects.ops import element_type, num_elements, shape_of

GATHER, SCATTER, SUM = "stablehlo.all_gather", "stablehlo.reduce_scatter", "stablehlo.all_reduce"
_DIM = {GATHER: "all_gather_dim", SCATTER: "scatter_dimension"}


def joined(members: Sequence[ir.Operation]) -> tuple[list[ir.Operation], list[list[ir.Operation]]]:
    """One collective for ``members``, which are alike but for their shapes: its ops, and those that give each member's result.

    All are made at the current insertion point; who read the members reads the new results, and the members are gone.
    """
    first = members[0]
    laid: list[ir.Operation] = []
    with first.location:
        rows = [_lay(op, laid) for op in members]
        along = len(shape_of(rows[0])) - 1
        ends = [0, *accumulate(shape_of(row)[along] for row in rows)]
        flat = _kept(
            laid, "stablehlo.concatenate", (*shape_of(rows[0])[:along], ends[-1]), rows, {"dimension": _i64(along)}
        )
        total = _collective(first, flat)
        total.attributes[names.MEMBERS] = members_attr(members)
        laid.append(total)
    given: list[list[ir.Operation]] = []
    for op, start, end in zip(members, ends, ends[1:], strict=False):
        mine: list[ir.Operation] = []
        with op.location:
            value = _take(op, total.results[0], (start, end), mine)
        op.results[0].replace_all_uses_with(value)
        given.append(mine)
    for op in members:
        op.erase()
    return laid, given


def members_attr(members: Sequence[ir.Operation]) -> ir.Attribute:
    """``mw.members``: elements of each on a device, of the larger of operand and result."""
    return i64s([max(num_elements(value) for value in (op.operands[0], op.results[0])) for op in members])


def _collective(first: ir.Operation, flat: ir.Value) -> ir.Operation:
    """The collective that ``first`` is, on the buffer."""
    rows, columns = (1, *shape_of(flat))[-2:]
    parts = _parts(first)
    shape = {SUM: (columns,), SCATTER: (rows // parts, columns), GATHER: (rows * parts, columns)}[first.name]
    attributes = {
        name: first.attributes[name] for name in first.attributes if name not in (names.JOINS, _DIM.get(first.name))
    }
    if first.name in _DIM:
        attributes[_DIM[first.name]] = _i64(0)
    kind = tensor_type(shape, element_type(flat))
    made = ir.Operation.create(first.name, [kind], [flat], attributes, regions=len(first.regions))
    if len(first.regions):
        first.regions[0].blocks[0].append_to(made.regions[0])
    return made


def _lay(op: ir.Operation, made: list[ir.Operation]) -> ir.Value:
    """The operand of a member as [n], [p, n / p] or [1, n]."""
    value = op.operands[0]
    shape, size = shape_of(value), num_elements(value)
    if op.name == SUM:
        return _kept(made, "stablehlo.reshape", (size,), [value])
    if op.name == GATHER:
        return _kept(made, "stablehlo.reshape", (1, size), [value])
    dim, parts = _dim(op), _parts(op)
    if prod(shape[:dim]) > 1:
        split = (prod(shape[:dim]), parts, size // parts // prod(shape[:dim]))
        value = _kept(made, "stablehlo.reshape", split, [value])
        value = _swapped(value, made)
    return _kept(made, "stablehlo.reshape", (parts, size // parts), [value])


def _take(op: ir.Operation, total: ir.Value, columns: tuple[int, int], made: list[ir.Operation]) -> ir.Value:
    """A member's result, of its ``columns`` of the buffer."""
    whole, shape = shape_of(total), shape_of(op.results[0])
    start, end = ((*(0 for _ in whole[:-1]), columns[0]), (*whole[:-1], columns[1]))
    bounds = {"start_indices": i64s(start), "limit_indices": i64s(end), "strides": i64s([1] * len(whole))}
    sizes = [*whole[:-1], columns[1] - columns[0]]
    value = _kept(made, "stablehlo.slice", sizes, [total], bounds)
    if op.name == GATHER and (before := prod(shape[: _dim(op)])) > 1:
        parts = _parts(op)
        value = _kept(made, "stablehlo.reshape", (parts, before, sizes[-1] // before), [value])
        value = _swapped(value, made)
    return _kept(made, "stablehlo.reshape", shape, [value])


def _swapped(value: ir.Value, made: list[ir.Operation]) -> ir.Value:
    """``value`` with its first two dims of three exchanged."""
    a, b, c = shape_of(value)
    return _kept(made, "stablehlo.transpose", (b, a, c), [value], {"permutation": i64s([1, 0, 2])})


def _kept(
    made: list[ir.Operation],
    name: str,
    shape: Sequence[int],
    operands: Sequence[ir.Value],
    attributes: dict[str, ir.Attribute] | None = None,
) -> ir.Value:
    """A new op's result; the op is added to ``made``. A reshape to the same shape is left out."""
    if name == "stablehlo.reshape" and shape_of(operands[0]) == tuple(shape):
        return operands[0]
    kind = tensor_type(shape, element_type(operands[0]))
    op = ir.Operation.create(name, results=[kind], operands=list(operands), attributes=attributes or {})
    made.append(op)
    return op.results[0]


def _dim(op: ir.Operation) -> int:
    return ir.IntegerAttr(op.attributes[_DIM[op.name]]).value


def _parts(op: ir.Operation) -> int:
    """Devices a group."""
    return ir.RankedTensorType(ir.DenseIntElementsAttr(op.attributes["replica_groups"]).type).shape[1]


def _i64(number: int) -> ir.IntegerAttr:
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(64), number)
