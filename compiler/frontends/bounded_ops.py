"""Ops on values of which only the first rows of a dim are real: where the result's real rows are, with padding kept out of them.

Row by row nothing mixes. Before a reduction or a product adds rows up, padding becomes what changes nothing; a scatter gets indices
outside of its operand there, whose updates it drops; a gather's padding fetches something that stays padding.
"""

from collections.abc import Callable, Sequence
from math import prod

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from compiler.frontends.bounded_types import at_bound
from dialects.build import i64s, make, splat, tensor_type
from dialects.errors import fail
from dialects.ops import defining_op, element_type, num_elements, shape_of
from passes.analysis.ops.folds import body_fold, neutral
from passes.analysis.ops.local_rules import ELEMENTWISE

Sizes = dict[int, ir.Value]  # dim -> how many of its rows are real, an i32 scalar
Rule = Callable[[ir.Operation, Sequence[Sizes]], list[Sizes]]
_SEEN = "padding up to the bound of a dim would be seen"


def root(size: ir.Value) -> tuple[object, int]:
    """What a size is, through views of a single number: equal roots are equal sizes."""
    at = 0  # which element of a vector
    while (op := defining_op(size)) is not None:
        if op.name == "stablehlo.constant":
            return str(op.attributes["value"]), at
        if op.name == "stablehlo.concatenate" and len(shape_of(size)) == 1:
            for part in op.operands:
                if at < num_elements(part):
                    size = part
                    break
                at -= num_elements(part)
        elif op.name == "stablehlo.slice" and len(shape_of(size)) == 1 and num_elements(size) == 1:
            at, size = ir.DenseI64ArrayAttr(op.attributes["start_indices"])[0], op.operands[0]
        elif op.name in _SINGLE and num_elements(size) == num_elements(op.operands[0]) == 1:
            size = op.operands[0]
        else:
            break
    return size, at


_SINGLE = ("stablehlo.convert", "stablehlo.reshape", "stablehlo.broadcast_in_dim")


def _merged(*given: Sizes) -> Sizes:
    """All of them; a dim with two sizes that are not known to be one is refused."""
    found: Sizes = {}
    for sizes in given:
        for dim, size in sizes.items():
            if dim in found and root(found[dim]) != root(size):
                fail("it joins two sizes that may differ when it runs")
            found.setdefault(dim, size)
    return found


def _masked(value: ir.Value, dim: int, size: ir.Value, literal: str) -> ir.Value:
    """``value`` with ``literal`` in the padding of ``dim``."""
    shape, number = shape_of(value), ir.IntegerType.get_signless(32)
    place = {"iota_dimension": ir.IntegerAttr.get(ir.IntegerType.get_signless(64), dim)}
    rows = make("stablehlo.iota", [tensor_type(shape, number)], [], place)
    limit = make("stablehlo.convert", [tensor_type((), number)], [size])
    limits = make("stablehlo.broadcast_in_dim", [rows.type], [limit], {"broadcast_dimensions": i64s([])})
    less = {"comparison_direction": ir.Attribute.parse("#stablehlo<comparison_direction LT>")}
    real = make("stablehlo.compare", [tensor_type(shape, ir.IntegerType.get_signless(1))], [rows, limits], less)
    return make("stablehlo.select", [value.type], [real, value, splat(shape, element_type(value), literal)])


def _rowwise(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
    return [_merged(*given)] * len(op.results)


def _barrier(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
    del op
    return list(given)


def _whole(*keys: str) -> Rule:
    """Row by row as long as the dims that the attributes name are not among the bounded ones."""

    def rule(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
        found = _merged(*given)
        for key in keys:
            named = op.attributes[key]
            dims = [named.value] if isinstance(named, ir.IntegerAttr) else list(ir.DenseI64ArrayAttr(named))
            if set(dims) & set(found):
                fail(_SEEN)
        return [found] * len(op.results)

    return rule


def _slice(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
    for dim in given[0]:
        if shape_of(op.operands[0])[dim] != ir.DenseI64ArrayAttr(op.attributes["limit_indices"])[dim] or (
            ir.DenseI64ArrayAttr(op.attributes["start_indices"])[dim]
            or ir.DenseI64ArrayAttr(op.attributes["strides"])[dim] != 1
        ):
            fail(_SEEN)
    return [given[0]]


def _transpose(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
    order = list(ir.DenseI64ArrayAttr(op.attributes["permutation"]))
    return [{order.index(dim): size for dim, size in given[0].items()}]


def _broadcast(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
    dims, shape = list(ir.DenseI64ArrayAttr(op.attributes["broadcast_dimensions"])), shape_of(op.operands[0])
    if any(shape[dim] == 1 for dim in given[0]):
        fail(_SEEN)
    return [{dims[dim]: size for dim, size in given[0].items()}]


def _reshape(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
    old, new = shape_of(op.operands[0]), tuple(ir.RankedTensorType(at_bound(op.results[0].type)).shape)
    found: Sizes = {}
    for dim, size in given[0].items():
        same = [i for i, n in enumerate(new) if n == old[dim] > 1 and prod(new[:i]) == prod(old[:dim])]
        if not same:
            fail(_SEEN)
        found[same[0]] = size
    return [found]


def _reduce(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
    dims, fold = list(ir.DenseI64ArrayAttr(op.attributes["dimensions"])), body_fold(op)
    for dim in dims:
        if dim in given[0]:
            if fold is None or len(op.results) > 1:
                fail(_SEEN)
            literal = neutral(fold, element_type(op.operands[0]))
            op.operands[0] = _masked(op.operands[0], dim, given[0][dim], literal)
    left = [dim for dim in range(len(shape_of(op.operands[0]))) if dim not in dims]
    return [{left.index(dim): size for dim, size in _merged(*given).items() if dim in left}] * len(op.results)


def _dot(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
    if op.name == "stablehlo.dot":
        sides: list[tuple[list[int], list[int]]] = [([], [len(shape_of(op.operands[0])) - 1]), ([], [0])]
    else:
        dims = stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])
        sides = [
            (list(dims.lhs_batching_dimensions), list(dims.lhs_contracting_dimensions)),
            (list(dims.rhs_batching_dimensions), list(dims.rhs_contracting_dimensions)),
        ]
    for mine, its in zip(sides[0][1], sides[1][1], strict=True):
        for size in _merged(*({0: g[d]} for g, d in zip(given, (mine, its), strict=True) if d in g)).values():
            for i, dim in enumerate((mine, its)):  # both: zero times an infinity in the other's padding is no zero
                op.operands[i] = _masked(op.operands[i], dim, size, neutral("sum", element_type(op.operands[i])))
    found, place = [], len(sides[0][0])
    for i, (batch, contracted) in enumerate(sides):
        free = [dim for dim in range(len(shape_of(op.operands[i]))) if dim not in (*batch, *contracted)]
        at = {**{dim: k for k, dim in enumerate(batch)}, **{dim: place + k for k, dim in enumerate(free)}}
        found.append({at[dim]: size for dim, size in given[i].items() if dim in at})
        place += len(free)
    return [_merged(*found)]


def _gather(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
    numbers = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
    if given[0] or numbers.operand_batching_dims:
        fail(_SEEN)
    offsets = list(numbers.offset_dims)
    rank = len(shape_of(op.operands[1])) - (numbers.index_vector_dim < len(shape_of(op.operands[1]))) + len(offsets)
    outer = [dim for dim in range(rank) if dim not in offsets]
    return [{outer[_outer(dim, numbers.index_vector_dim)]: size for dim, size in given[1].items()}]


def _scatter(op: ir.Operation, given: Sequence[Sizes]) -> list[Sizes]:
    numbers = stablehlo.ScatterDimensionNumbers(op.attributes["scatter_dimension_numbers"])
    count, vector = len(op.results), numbers.index_vector_dim
    if numbers.input_batching_dims or any(
        dim in numbers.update_window_dims for sizes in given[count + 1 :] for dim in sizes
    ):
        fail(_SEEN)
    rank = len(shape_of(op.operands[count + 1]))
    outer = [dim for dim in range(rank) if dim not in numbers.update_window_dims]
    updated = [{outer.index(dim): size for dim, size in sizes.items()} for sizes in given[count + 1 :]]
    indexed = {_outer(dim, vector): size for dim, size in given[count].items()}
    element = ir.IntegerType(element_type(op.operands[count]))
    nowhere = str(2**element.width - 1) if element.is_unsigned else "-1"
    for place, size in _merged(indexed, *updated).items():
        op.operands[count] = _masked(op.operands[count], place + (place >= vector), size, nowhere)
    for key in ("indices_are_sorted", "unique_indices"):
        op.attributes[key] = ir.BoolAttr.get(False)
    return list(given[:count])


def _outer(dim: int, vector: int) -> int:
    """Which of the dims of indices, those of the vectors left out."""
    if dim == vector:
        fail(_SEEN)
    return dim - (dim > vector)


RULES: dict[str, Rule] = {
    **dict.fromkeys(ELEMENTWISE - {"stablehlo.map"}, _rowwise),
    "stablehlo.optimization_barrier": _barrier,
    "stablehlo.concatenate": _whole("dimension"),
    "stablehlo.sort": _whole("dimension"),
    "stablehlo.reverse": _whole("dimensions"),
    "stablehlo.slice": _slice,
    "stablehlo.transpose": _transpose,
    "stablehlo.broadcast_in_dim": _broadcast,
    "stablehlo.reshape": _reshape,
    "stablehlo.reduce": _reduce,
    "stablehlo.dot": _dot,
    "stablehlo.dot_general": _dot,
    "stablehlo.gather": _gather,
    "stablehlo.scatter": _scatter,
}
