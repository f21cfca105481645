"""Where dim 0 of an argument goes: a batch keeps to itself until the loss sums it, a weight is contracted or becomes a feature."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.op_sets import OpSet
from dialects.ops import body_ops, entry_block, main_func, shape_of

Dims = dict[ir.Value, int]  # value -> the dim along which dim 0 of the argument runs


@dataclass(frozen=True)
class Flow:
    """``weight``: the dim was used as only weights' dims are; ``cut``: a window of it was read, as of a whole data set.

    ``results``: result of @main -> dim of it that was reached.
    """

    weight: bool
    cut: bool
    results: dict[int, int]


def batch_flow(module: ir.Module, argument: int, forward: OpSet) -> Flow:
    """Follow dim 0 of ``argument`` through the ops of @main in ``forward``; loops and unknown ops end the way."""
    block = entry_block(main_func(module))
    dims: Dims = {block.arguments[argument]: 0}
    weight = cut = False
    *ops, end = body_ops(block)
    for op in ops:
        if op not in forward or not any(operand in dims for operand in op.operands):
            continue
        if _is_weight(op, dims, block.arguments[argument]):
            weight = True
            continue
        if _is_cut(op, dims):
            cut = True
            continue
        for result in op.results:
            dim = _STEPS.get(op.name, _same_shape)(op, result, dims)
            if dim is not None:
                dims[result] = dim
    results = {index: dims[value] for index, value in enumerate(end.operands) if value in dims}
    return Flow(weight, cut, results)


def _is_weight(op: ir.Operation, dims: Dims, argument: ir.Value) -> bool:
    """Whether ``op`` uses the dim as only weights are used: summed by a matmul, a kernel's, a table's rows, a bias' features.

    Only the rows of the argument itself: rows of what was computed from it are picked by ``logp[arange(batch), labels]`` too.
    """
    if op.name == "stablehlo.broadcast_in_dim":
        source = op.operands[0]
        return dims[source] == 0 and _broadcast(op, op.results[0], dims) != 0
    if op.name == "stablehlo.dot_general":
        numbers = stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])
        pairs = zip(numbers.lhs_contracting_dimensions, numbers.rhs_contracting_dimensions, strict=True)
        left, right = (dims.get(operand) for operand in op.operands)
        # where both sides carry the dim it is a sum over the batch: a gradient within the forward
        return any((one == left) != (other == right) for one, other in pairs)
    if op.name == "stablehlo.convolution":
        return op.operands[1] in dims
    if op.name == "stablehlo.gather":
        numbers = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
        table = op.operands[0]
        return table in dims and dims[table] in numbers.start_index_map and shape_of(table) == shape_of(argument)
    return False


def _is_cut(op: ir.Operation, dims: Dims) -> bool:
    source = op.operands[0]
    if op.name != "stablehlo.dynamic_slice" or source not in dims:
        return False
    return shape_of(op.results[0])[dims[source]] != shape_of(source)[dims[source]]


def _same_shape(op: ir.Operation, result: ir.Value, dims: Dims) -> int | None:
    for operand in op.operands:
        if operand in dims and shape_of(operand) == shape_of(result):
            return dims[operand]
    return None


def _broadcast(op: ir.Operation, result: ir.Value, dims: Dims) -> int | None:
    mapping = ir.DenseI64ArrayAttr(op.attributes["broadcast_dimensions"])
    return mapping[dims[op.operands[0]]]


def _transpose(op: ir.Operation, result: ir.Value, dims: Dims) -> int | None:
    return list(ir.DenseI64ArrayAttr(op.attributes["permutation"])).index(dims[op.operands[0]])


def _reshape(op: ir.Operation, result: ir.Value, dims: Dims) -> int | None:
    before, after, dim = shape_of(op.operands[0]), shape_of(result), dims[op.operands[0]]
    left = prod(before[:dim])
    for index in range(len(after)):
        if prod(after[:index]) == left and after[index] % before[dim] == 0:
            return index
    return None


def _reduce(op: ir.Operation, result: ir.Value, dims: Dims) -> int | None:
    gone = list(ir.DenseI64ArrayAttr(op.attributes["dimensions"]))
    for operand in op.operands:
        if operand in dims and dims[operand] not in gone:
            return dims[operand] - sum(dim < dims[operand] for dim in gone)
    return None


def _dot(op: ir.Operation, result: ir.Value, dims: Dims) -> int | None:
    numbers = stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])
    left, right = op.operands
    batch, contracting = numbers.lhs_batching_dimensions, numbers.lhs_contracting_dimensions
    free_left = [d for d in range(len(shape_of(left))) if d not in batch and d not in contracting]
    if left in dims and dims[left] not in contracting:
        return [*batch, *free_left].index(dims[left])
    batch, contracting = numbers.rhs_batching_dimensions, numbers.rhs_contracting_dimensions
    free_right = [d for d in range(len(shape_of(right))) if d not in batch and d not in contracting]
    if right in dims and dims[right] not in contracting:
        place = [*batch, *free_right].index(dims[right])
        return place if place < len(batch) else place + len(free_left)
    return None


def _convolution(op: ir.Operation, result: ir.Value, dims: Dims) -> int | None:
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    if op.operands[0] in dims and dims[op.operands[0]] == numbers.input_batch_dimension:
        return numbers.output_batch_dimension
    return None


def _gather(op: ir.Operation, result: ir.Value, dims: Dims) -> int | None:
    numbers = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
    table, indices = op.operands
    batch = [d for d in range(len(shape_of(result))) if d not in numbers.offset_dims]
    if indices in dims:
        position = dims[indices] - (dims[indices] > numbers.index_vector_dim)
        return batch[position] if position < len(batch) else None
    if dims[table] in numbers.operand_batching_dims:
        other = list(numbers.start_indices_batching_dims)[list(numbers.operand_batching_dims).index(dims[table])]
        return batch[other - (other > numbers.index_vector_dim)]
    return None


def _keep_dim(op: ir.Operation, result: ir.Value, dims: Dims) -> int | None:
    for operand in op.operands:
        if operand in dims and len(shape_of(operand)) == len(shape_of(result)):
            if shape_of(operand)[dims[operand]] == shape_of(result)[dims[operand]]:
                return dims[operand]
    return None


_STEPS: dict[str, Callable[[ir.Operation, ir.Value, Dims], int | None]] = {
    "stablehlo.broadcast_in_dim": _broadcast,
    "stablehlo.transpose": _transpose,
    "stablehlo.reshape": _reshape,
    "stablehlo.reduce": _reduce,
    "stablehlo.dot_general": _dot,
    "stablehlo.convolution": _convolution,
    "stablehlo.gather": _gather,
    "stablehlo.concatenate": _keep_dim,
    "stablehlo.slice": _keep_dim,
    "stablehlo.pad": _keep_dim,
    "stablehlo.reduce_window": _keep_dim,
    "stablehlo.dynamic_slice": _keep_dim,
    "stablehlo.sort": _keep_dim,
    "stablehlo.reverse": _keep_dim,
}
