"""Where dim 0 of an argument goes: a batch keeps to itself until the loss sums it, a weight is contracted or becomes a feature."""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from math import prod

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.op_sets import OpSet
from dialects.ops import body_ops, entry_block, shape_of

Dims = dict[ir.Value, int]  # value -> the dim along which dim 0 of the argument runs


@dataclass(frozen=True)
class Flow:
    """``weight``: the dim was used as only weights' dims are; ``cut``: a window of it was read, as of a whole data set.

    ``results``: result of @main -> dim of it that was reached.
    """

    weight: bool
    cut: bool
    results: dict[int, int]


_Key = tuple[ir.Value, int, tuple[int, ...]]  # value, the dim of it, the argument's shape


class Flows:
    """Follows a dim of arguments through the ops of @main in ``forward``; loops and unknown ops end the way.

    Where a single value carries the dim on, it matters no more where it came from: ways that meet there are followed once, so
    that a chain with an argument at each op takes linear time.
    """

    def __init__(self, func: ir.OpView, forward: OpSet) -> None:
        self.block = entry_block(func)
        *ops, end = body_ops(self.block)
        self.ops = ops
        self.users: dict[ir.Value, list[int]] = {}  # ascending
        for i, op in enumerate(ops):
            if op in forward:
                for value in dict.fromkeys(op.operands):
                    self.users.setdefault(value, []).append(i)
        self.returned: dict[ir.Value, list[int]] = {}
        for index, value in enumerate(end.operands):
            self.returned.setdefault(value, []).append(index)
        self._known: dict[_Key, Flow] = {}

    def of(self, argument: int, dim: int = 0) -> Flow:
        """Where dim ``dim`` of ``argument`` goes."""
        value = self.block.arguments[argument]
        shape = shape_of(value)
        here: tuple[ir.Value, int] | None = value, dim
        ways: list[tuple[_Key, Flow]] = []
        while here is not None and (here[0], here[1], shape) not in self._known:
            key = here[0], here[1], shape
            flow, here = self._walk(*key)
            ways.append((key, flow))
        after = Flow(False, False, {}) if here is None else self._known[here[0], here[1], shape]
        for key, flow in reversed(ways):
            results = {**after.results, **flow.results} if flow.results else after.results
            after = Flow(flow.weight or after.weight, flow.cut or after.cut, results)
            self._known[key] = after
        return after

    def _walk(self, value: ir.Value, dim: int, shape: tuple[int, ...]) -> tuple[Flow, tuple[ir.Value, int] | None]:
        """The way from ``value`` on, up to where one other value alone carries the dim on, and that value with its dim."""
        dims: Dims = {value: dim}
        waiting = list(self.users.get(value, ()))  # a heap
        alive, ending = {value}, {waiting[-1]: [value]} if waiting else dict[int, list[ir.Value]]()
        weight = cut = False
        done = -1
        while waiting:
            number = heappop(waiting)
            if number == done:
                continue
            done, op = number, self.ops[number]
            if _is_weight(op, dims, shape):
                weight = True
            elif _is_cut(op, dims):
                cut = True
            else:
                for result in op.results:
                    found = _STEPS.get(op.name, _same_shape)(op, result, dims)
                    if found is not None:
                        dims[result] = found
                        for user in (users := self.users.get(result, [])):
                            heappush(waiting, user)
                        if users:
                            alive.add(result)
                            ending.setdefault(users[-1], []).append(result)
            for carrier in ending.pop(number, ()):
                alive.discard(carrier)
            if len(alive) == 1 and value not in alive:
                (rest,) = alive
                if self.users[rest][0] <= number:  # read before, together with others
                    continue
                return Flow(weight, cut, self._results(dims)), (rest, dims[rest])
        return Flow(weight, cut, self._results(dims)), None

    def _results(self, dims: Dims) -> dict[int, int]:
        return {index: dim for value, dim in dims.items() for index in self.returned.get(value, ())}


def _is_weight(op: ir.Operation, dims: Dims, shape: tuple[int, ...]) -> bool:
    """Whether ``op`` uses the dim as only weights are used: summed by a matmul, a kernel's, a table's rows, a bias' features.

    Only the rows of the argument itself, whose ``shape`` it is: rows of what was computed from it are picked by
    ``logp[arange(batch), labels]`` too.
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
        return table in dims and dims[table] in numbers.start_index_map and shape_of(table) == shape
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
