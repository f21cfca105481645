"""``pair-rows``: row i of a table at an index that row i of others says becomes a batched gather."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.build import make, tensor_type
from dialects.ops import all_ops, defining_op, element_type, shape_of
from dialects.signature import i64
from passes.analysis.indices.counters import counts_along
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class PairRows(Pass):
    """Components of gather and scatter indices that count along a dim of the indices become batching dims; results are the same.

    ``logp[arange(n), y]`` says by index that rows stay together. As a batching dim, which ``take_along_axis`` gives, Shardy's rule
    says so too, and the batch can be split over microbatches and devices.

    Input:
        %i = stablehlo.concatenate %iota, %y, dim = 1 : (tensor<8x1xi32>, tensor<8x1xi32>) -> tensor<8x2xi32>
        %0 = stablehlo.gather(%logp, %i) collapsed_slice_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1
    Output:
        %0 = stablehlo.gather(%logp, %y) collapsed_slice_dims = [1], start_index_map = [1], index_vector_dim = 1,
                                         operand_batching_dims = [0], start_indices_batching_dims = [0]
    """

    name: ClassVar[str] = "pair-rows"

    def run(self, module: ir.Module) -> None:
        for op in all_ops(module.operation):
            if op.name in ("stablehlo.gather", "stablehlo.scatter"):
                _pair(op)


@dataclass(frozen=True)
class _Numbers:
    """What gather and scatter have in common: ``alone`` are the dims of the operand of which one element is taken.

    ``batching``: dims of the operand, and of the indices that run with them.
    """

    index_map: tuple[int, ...]
    alone: tuple[int, ...]
    batching: tuple[tuple[int, int], ...]
    vector_dim: int

    def without(self, component: int, along: int) -> "_Numbers":
        """The operand's dim that ``component`` indexes runs with dim ``along`` of the indices."""
        dim = self.index_map[component]
        return _Numbers(
            tuple(other for at, other in enumerate(self.index_map) if at != component),
            tuple(other for other in self.alone if other != dim),
            tuple(sorted((*self.batching, (dim, along)))),
            self.vector_dim,
        )


def _pair(op: ir.Operation) -> None:
    position = len(op.results) if op.name == "stablehlo.scatter" else 1
    table, indices = op.operands[0], op.operands[position]
    numbers = _read(op)
    pieces = _pieces(indices, numbers.vector_dim)
    kept: list[ir.Value] = []
    component = 0  # of the index vectors as they are left
    for number, piece in enumerate(pieces):
        width = shape_of(piece)[numbers.vector_dim]
        along = counts_along(piece) if width == 1 and (kept or number + 1 < len(pieces)) else None
        if along is not None and _fits(numbers, component, along, shape_of(table), shape_of(piece)):
            numbers = numbers.without(component, along)
            continue
        kept.append(piece)
        component += width
    if len(kept) == len(pieces):
        return
    with op.location, ir.InsertionPoint(op):
        op.operands[position] = _join(kept, numbers.vector_dim)
    op.attributes["indices_are_sorted"] = ir.BoolAttr.get(False)
    _write(op, numbers)


def _fits(numbers: _Numbers, component: int, along: int, table: Sequence[int], piece: Sequence[int]) -> bool:
    """Whether the operand's dim has the rows of the indices' dim, all of them, and neither runs with another."""
    dim = numbers.index_map[component]
    free = along not in [other for _, other in numbers.batching]
    return dim in numbers.alone and table[dim] == piece[along] and free


def _pieces(indices: ir.Value, vector_dim: int) -> list[ir.Value]:
    """What the index vectors are put together of; nothing where they are no concatenation."""
    op = defining_op(indices)
    if (
        op is None
        or op.name != "stablehlo.concatenate"
        or vector_dim != ir.IntegerAttr(op.attributes["dimension"]).value
    ):
        return []
    return list(op.operands)


def _join(pieces: Sequence[ir.Value], dim: int) -> ir.Value:
    if len(pieces) == 1:
        return pieces[0]
    shape = list(shape_of(pieces[0]))
    shape[dim] = sum(shape_of(piece)[dim] for piece in pieces)
    kind = tensor_type(shape, element_type(pieces[0]))
    return make("stablehlo.concatenate", [kind], pieces, {"dimension": i64(dim)})


def _read(op: ir.Operation) -> _Numbers:
    if op.name == "stablehlo.gather":
        given = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
        batching = tuple(zip(given.operand_batching_dims, given.start_indices_batching_dims, strict=True))
        alone = tuple(given.collapsed_slice_dims)
        return _Numbers(tuple(given.start_index_map), alone, batching, given.index_vector_dim)
    given = stablehlo.ScatterDimensionNumbers(op.attributes["scatter_dimension_numbers"])
    batching = tuple(zip(given.input_batching_dims, given.scatter_indices_batching_dims, strict=True))
    alone = tuple(given.inserted_window_dims)
    return _Numbers(tuple(given.scattered_dims_to_operand_dims), alone, batching, given.index_vector_dim)


def _write(op: ir.Operation, numbers: _Numbers) -> None:
    rest = (
        list(numbers.alone),
        [dim for dim, _ in numbers.batching],
        [along for _, along in numbers.batching],
        list(numbers.index_map),
        numbers.vector_dim,
    )
    if op.name == "stablehlo.gather":
        old = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
        op.attributes["dimension_numbers"] = stablehlo.GatherDimensionNumbers.get(list(old.offset_dims), *rest)
        return
    old = stablehlo.ScatterDimensionNumbers(op.attributes["scatter_dimension_numbers"])
    made = stablehlo.ScatterDimensionNumbers.get(list(old.update_window_dims), *rest)
    op.attributes["scatter_dimension_numbers"] = made
