"""What ``partition`` can split: the factors of Shardy's rule that each op may run on a part of, and sums that may stay open.

Small tables keyed by op. An op that is in none of them runs replicated. ``passes/partition/rules.py`` holds the rewriting that
goes with each entry; a factor allowed here and not done there is a defect, and tests/py/ir/test_partition_ops.py looks for it.
"""

from collections.abc import Callable

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.ops import element_type, shape_of
from passes.analysis.ops.folds import body_fold, has_zero
from passes.analysis.ops.forms import Fold
from passes.analysis.ops.rules import Rule
from passes.analysis.ops.window_rules import is_slide
from passes.analysis.ops.windows import ints, slides

ELEMENTWISE = frozenset(
    f"stablehlo.{name}"
    for name in (
        *("abs", "add", "and", "atan2", "cbrt", "ceil", "clamp", "compare", "complex", "convert", "cosine", "divide"),
        *("count_leading_zeros", "exponential", "exponential_minus_one", "floor", "imag", "is_finite", "log"),
        *("log_plus_one", "logistic", "maximum", "minimum", "multiply", "negate", "not", "or", "popcnt", "power"),
        *("real", "reduce_precision", "remainder", "round_nearest_afz", "round_nearest_even", "rsqrt", "select"),
        *("shift_left", "shift_right_arithmetic", "shift_right_logical", "sign", "sine", "sqrt", "subtract", "tan"),
        *("tanh", "xor", "map"),
    )
)
_ALL_FACTORS = ELEMENTWISE | {
    f"stablehlo.{name}"
    for name in (
        "transpose",
        "broadcast_in_dim",
        "reduce",
        "dot_general",
        "dot",
        "gather",
        "scatter",
        "batch_norm_inference",
    )
}
# Ops whose rule says all there is to know: what needs replication or moves data along a dim stays whole.
_PASS_THROUGH = frozenset(
    f"stablehlo.{name}"
    for name in ("concatenate", "reverse", "sort", "fft", "cholesky", "triangular_solve", "bitcast_convert")
)
_ONE_SIDE_OF_A_PRODUCT = frozenset({"stablehlo.dot_general", "stablehlo.dot", "stablehlo.convolution"})

Groups = frozenset[tuple[int, ...]]


def allowed_factors(op: ir.Operation, rule: Rule) -> frozenset[int]:
    """The factors of ``rule`` that ``partition`` can split for ``op``; none for an op that only runs replicated.

    A reduction factor is among them only if ``reduction_kind(op)`` says how its parts are joined.
    """
    everything = frozenset(range(len(rule.sizes)))
    if op.name in _ALL_FACTORS:
        chosen = everything
    elif op.name in _PASS_THROUGH:
        chosen = everything - rule.permutation
    elif op.name in _CHOOSERS:
        chosen = _CHOOSERS[op.name](op, rule)
    else:
        return frozenset()
    if reduction_kind(op) is None:
        chosen -= rule.reduction
    return chosen - rule.need_replication


def reduction_kind(op: ir.Operation) -> Fold | None:
    """How the parts are joined when a reduction factor is split; None when they cannot be.

    On booleans a sum is an "or" and a product an "and", as in StableHLO.
    """
    if op.name in _ONE_SIDE_OF_A_PRODUCT:
        return None if _is_bool(op.results[0]) or not _has_zero(op.results[0]) else "sum"
    if op.name == "stablehlo.gather":
        return "or" if _is_bool(op.results[0]) else "sum" if _has_zero(op.results[0]) else None
    if op.name not in ("stablehlo.reduce", "stablehlo.scatter") or len(op.results) != 1:
        return None
    fold = body_fold(op)
    if fold is not None and _is_bool(op.results[0]):
        return _BOOLEAN.get(fold, fold)
    if fold == "sum" and not _has_zero(op.results[0]):
        return None
    return None if fold in ("and", "or") else fold  # XLA's CPU collectives have no bitwise reduction


def unreduced_operands(op: ir.Operation) -> Groups:
    """Groups of operands that may hold unreduced sums over an axis, and then so does the result.

    All of one group have them, the other operands are the same on all devices along that axis.
    """
    if not len(op.results) or _is_bool(op.results[0]) or not _has_zero(op.results[0]):
        return frozenset()
    if op.name in _LINEAR:
        return _LINEAR[op.name]
    if op.name == "stablehlo.concatenate":
        return frozenset({tuple(range(len(op.operands)))})
    if op.name == "stablehlo.convert":
        return frozenset({(0,)}) if _keeps_sums(op) else frozenset()
    if op.name == "stablehlo.divide":
        return frozenset() if isinstance(element_type(op.results[0]), ir.IntegerType) else frozenset({(0,)})
    if op.name in _ONE_SIDE_OF_A_PRODUCT:
        return frozenset() if _widens_integers(op) else frozenset({(0,), (1,)})
    if op.name == "stablehlo.reduce":
        return frozenset({(0,)}) if len(op.results) == 1 and body_fold(op) == "sum" else frozenset()
    if op.name == "stablehlo.scatter":
        return frozenset({(0, 2)}) if len(op.results) == 1 and body_fold(op) == "sum" else frozenset()
    return frozenset()


_LINEAR: dict[str, Groups] = {
    **dict.fromkeys(("stablehlo.add", "stablehlo.subtract", "stablehlo.complex"), frozenset({(0, 1)})),
    **dict.fromkeys(
        (
            *("stablehlo.negate", "stablehlo.real", "stablehlo.imag", "stablehlo.reshape", "stablehlo.transpose"),
            *("stablehlo.broadcast_in_dim", "stablehlo.slice", "stablehlo.reverse", "stablehlo.pad"),
            *("stablehlo.dynamic_slice", "stablehlo.gather"),
        ),
        frozenset({(0,)}),
    ),
    "stablehlo.multiply": frozenset({(0,), (1,)}),
    "stablehlo.select": frozenset({(1, 2)}),
    "stablehlo.dynamic_update_slice": frozenset({(0, 1)}),
}
_BOOLEAN: dict[Fold, Fold] = {"sum": "or", "max": "or", "product": "and", "min": "and"}


def _is_bool(value: ir.Value) -> bool:
    return isinstance(value.type, ir.RankedTensorType) and str(element_type(value)) == "i1"


def _has_zero(value: ir.Value) -> bool:
    return not isinstance(value.type, ir.RankedTensorType) or has_zero(element_type(value))


def _keeps_sums(op: ir.Operation) -> bool:
    """Float to a float of 32 bits or more, so that no part is rounded before the sum is done."""
    source, target = element_type(op.operands[0]), element_type(op.results[0])
    if source == target:
        return True
    return isinstance(source, ir.FloatType) and isinstance(target, ir.FloatType) and target.width >= 32


def _widens_integers(op: ir.Operation) -> bool:
    """An i8 sum wraps in the whole program, where the sum of i32 products of its parts would not."""
    result = element_type(op.results[0])
    return isinstance(result, ir.IntegerType) and any(element_type(value) != result for value in op.operands)


def _both_sides(op: ir.Operation, rule: Rule) -> frozenset[int]:
    """Factors on both sides of a reshape; the others are split or merged in a way that no sharding follows."""
    del op
    left, right = ({factor for dim in side for factor in dim} for side in (rule.operands[0], rule.results[0]))
    return frozenset(left & right)


def _untouched(op: ir.Operation, rule: Rule) -> frozenset[int]:
    return frozenset(factor for dim in untouched_dims(op) for factor in rule.results[0][dim])


def untouched_dims(op: ir.Operation) -> tuple[int, ...]:
    """The dims that a slice, dynamic_slice or pad goes over as a whole, element by element."""
    before, after = shape_of(op.operands[0]), shape_of(op.results[0])
    same = [dim for dim, (size, kept) in enumerate(zip(before, after, strict=True)) if size == kept]
    zeros = [0] * len(before)
    if op.name == "stablehlo.pad":
        sides = [ints(op, key, zeros) for key in ("edge_padding_low", "edge_padding_high", "interior_padding")]
        return tuple(dim for dim in same if not any(side[dim] for side in sides))
    return tuple(same)


def _placed(op: ir.Operation, rule: Rule) -> frozenset[int]:
    """All dims of a dynamic_update_slice: along one that the update does not fill, each device writes what falls in its part."""
    del op
    return frozenset(factor for dim in rule.results[0] for factor in dim)


def _slid(op: ir.Operation, rule: Rule) -> frozenset[int]:
    """Dims along which windows slide evenly; ``exchanges`` says for how many devices (passes/analysis/ops/exchanges.py)."""
    shapes = [shape_of(value) for value in (*op.operands, *op.results)]
    return frozenset(rule.operands[0][slide.dim][0] for slide in slides(op, shapes) if is_slide(op, rule, slide))


def _convolution(op: ir.Operation, rule: Rule) -> frozenset[int]:
    """Batch, features, and dims along which the kernel slides evenly."""
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    left, right = rule.operands[0], rule.operands[1]
    dims = (
        *(left[numbers.input_batch_dimension], left[numbers.input_feature_dimension]),
        *(right[numbers.kernel_input_feature_dimension], right[numbers.kernel_output_feature_dimension]),
    )
    return frozenset(factor for dim in dims for factor in dim) | _slid(op, rule)


_CHOOSERS: dict[str, Callable[[ir.Operation, Rule], frozenset[int]]] = {
    "stablehlo.reshape": _both_sides,
    "stablehlo.slice": _untouched,
    "stablehlo.dynamic_slice": _untouched,
    "stablehlo.pad": _untouched,
    "stablehlo.reduce_window": _slid,
    "stablehlo.select_and_scatter": _slid,
    "stablehlo.dynamic_update_slice": _placed,
    "stablehlo.convolution": _convolution,
}
