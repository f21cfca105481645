"""What XLA makes besides the values of a program: operands in another order or a wider type, and what an op needs before it runs.

- A dot takes its operands as batch, rows, contracted (of a matrix either side): what lies otherwise is copied first
  (dot_decomposer.cc, transpose_folding.cc); a convolution as batch, window, features (conv_canonicalization.cc).
- A CPU computes 16-bit floats in f32, on a wider copy of the operands (float_normalization.cc).
- The gradient of a max-pooling begins with what each window picks, found with the indices of all elements, one i32 array a dim
  (select_and_scatter_expander.cc). That waits for no gradient.
"""

from collections.abc import Sequence

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.ops import element_bits, element_type, num_bytes, num_elements, shape_of
from passes.analysis.memory.fusion import FUSED, SHARED, moves_data
from passes.analysis.ops.op_costs import is_free


def copied(op: ir.Operation, widens: bool) -> list[tuple[ir.Value, float]]:
    """Operands of a dot or convolution that are first copied into the order that it wants, with the bytes of each copy."""
    orders: Sequence[tuple[ir.Value, list[int]]] = ()
    if op.name == "stablehlo.dot_general":
        orders = _dot_orders(op)
    elif op.name == "stablehlo.convolution":
        orders = _convolution_orders(op)
    found: list[tuple[ir.Value, float]] = []
    for value, order in orders:
        element = element_type(value)
        widened = widens and isinstance(element, ir.FloatType) and element.width < 32
        if (widened or moves_data(value, order)) and not _written_so(value):
            found.append((value, num_bytes(value) * (32 / element_bits(element) if widened else 1)))
    return found


def _written_so(value: ir.Value) -> bool:
    """Whether a value is made for one reader, in the order that it wants."""
    if not isinstance(value, ir.OpResult) or len(list(value.uses)) != 1:
        return False
    op = value.owner.operation
    if op.name in SHARED:
        return _written_so(op.operands[0])
    return op.name == "stablehlo.transpose" or (op.name in FUSED and not is_free(op))


def _dot_orders(op: ir.Operation) -> list[tuple[ir.Value, list[int]]]:
    dims = stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])
    sides = (
        (op.operands[0], list(dims.lhs_batching_dimensions), list(dims.lhs_contracting_dimensions), True),
        (op.operands[1], list(dims.rhs_batching_dimensions), list(dims.rhs_contracting_dimensions), False),
    )
    found: list[tuple[ir.Value, list[int]]] = []
    for value, batch, contracted, left in sides:
        rank = len(shape_of(value))
        free = [dim for dim in range(rank) if dim not in (*batch, *contracted)]
        order = [*batch, *free, *contracted] if left else [*batch, *contracted, *free]
        matrix = batch == list(range(len(batch))) and len(contracted) == 1 and rank <= len(batch) + 2
        found.append((value, list(range(rank)) if matrix else order))  # of a matrix the dot takes either side
    return found


def _convolution_orders(op: ir.Operation) -> list[tuple[ir.Value, list[int]]]:
    dims = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    data = [dims.input_batch_dimension, *dims.input_spatial_dimensions, dims.input_feature_dimension]
    kernel = [
        *dims.kernel_spatial_dimensions,
        dims.kernel_input_feature_dimension,
        dims.kernel_output_feature_dimension,
    ]
    return [(op.operands[0], data), (op.operands[1], kernel)]


def picking(op: ir.Operation) -> tuple[float, float, float] | None:
    """Of a pooling's gradient, bytes: the indices of all elements, index and value that each window picks, those indices listed."""
    if op.name != "stablehlo.select_and_scatter":
        return None
    data, source = op.operands[0], op.operands[1]
    indices, picked = 4.0 * len(shape_of(data)), num_elements(source)
    return indices * num_elements(data), (indices + element_bits(element_type(source)) / 8) * picked, indices * picked
