"""Floating-point operations of an op, counted from its shapes. Loops count trip count x body when it is constant."""

from math import prod

from jaxlib.mlir import ir

from dialects.ops import body_ops, num_elements, shape_of
from passes.analysis.ops.trip_count import trip_count

UNKNOWN_TRIPS = 8  # what a loop without a constant trip count is charged
_FREE = frozenset(
    f"stablehlo.{name}"
    for name in ("constant", "iota", "reshape", "bitcast_convert", "optimization_barrier", "return", "custom_call")
)


def flops(op: ir.Operation) -> float:
    """Operations that ``op`` performs (multiply and add counted apart)."""
    if op.name in _FREE or op.name == "func.return":
        return 0.0
    if op.name in ("stablehlo.while", "stablehlo.if", "stablehlo.case"):
        bodies = [sum(flops(inner) for inner in body_ops(region.blocks[0])) for region in op.regions]
        return _trips(op) * sum(bodies) if op.name == "stablehlo.while" else max(bodies, default=0.0)
    if op.name == "stablehlo.dot_general":
        return 2.0 * num_elements(op.results[0]) * _contracted(op)
    if op.name == "stablehlo.convolution":
        kernel = op.operands[1]
        features = _output_features(op)
        return 2.0 * num_elements(op.results[0]) * num_elements(kernel) / max(features, 1)
    if op.name in ("stablehlo.reduce", "stablehlo.scatter", "stablehlo.sort"):
        return float(sum(num_elements(value) for value in op.operands))
    if op.name == "stablehlo.reduce_window":
        window = prod(ir.DenseI64ArrayAttr(op.attributes["window_dimensions"]))
        return float(num_elements(op.results[0]) * window)
    return float(sum(num_elements(value) for value in op.results))


def _trips(op: ir.Operation) -> int:
    trips = trip_count(op)
    return UNKNOWN_TRIPS if trips is None else trips


def _contracted(op: ir.Operation) -> int:
    text = str(op.attributes["dot_dimension_numbers"])
    _, found, rest = text.partition("lhs_contracting_dimensions = [")
    dims = [int(item) for item in rest.partition("]")[0].split(",") if item.strip()] if found else []
    return prod(shape_of(op.operands[0])[dim] for dim in dims)


def _output_features(op: ir.Operation) -> int:
    """The size of the kernel's output-feature dim, from ``[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]``."""
    kernel = str(op.attributes["dimension_numbers"]).partition("x[")[2].partition("]")[0]
    labels = [item.strip() for item in kernel.split(",")]
    return shape_of(op.operands[1])[labels.index("o")] if "o" in labels else 1
