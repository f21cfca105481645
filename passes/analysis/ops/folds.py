"""Which fold a reduction body computes, and the neutral element of a fold."""

from typing import Any

from jaxlib.mlir import ir

from dialects.errors import fail
from dialects.ops import body_ops
from passes.analysis.ops.forms import Fold

_FOLD_OF_OP: dict[str, Fold] = {
    "stablehlo.add": "sum",
    "stablehlo.minimum": "min",
    "stablehlo.maximum": "max",
    "stablehlo.and": "and",
    "stablehlo.or": "or",
    "stablehlo.multiply": "product",
}
OP_OF_FOLD: dict[Fold, str] = {fold: name for name, fold in _FOLD_OF_OP.items()}


def fold_named(name: str) -> Fold:
    """The fold that ``mw.kind`` names."""
    return _FOLD_OF_OP[next(op for op, fold in _FOLD_OF_OP.items() if fold == name)]


def body_fold(op: ir.Operation, region: int = 0) -> Fold | None:
    """The fold of a reduce or scatter whose body is one associative op on its two arguments; None otherwise."""
    ops = body_ops(op.regions[region].blocks[0])
    arguments = op.regions[region].blocks[0].arguments
    if len(ops) != 2 or len(arguments) != 2 or set(ops[0].operands) != set(arguments):
        return None
    if len(ops[1].operands) != 1 or ops[1].operands[0] != ops[0].results[0]:
        return None
    return _FOLD_OF_OP.get(ops[0].name)


def neutral(fold: Fold, element: ir.Type) -> str:
    """The MLIR literal of the neutral element of ``fold``, for ``dense<...>`` of element type ``element``."""
    text = str(element)
    if isinstance(element, ir.ComplexType):
        return "(0.0, 0.0)" if fold == "sum" else "(1.0, 0.0)"
    if text == "i1":
        return {"sum": "false", "or": "false", "max": "false"}.get(fold, "true")
    if isinstance(element, ir.IntegerType):
        return _integer_neutral(fold, element)
    if fold in ("min", "max"):
        return _float_extreme(fold, element)
    if fold == "sum" and not has_zero(element):
        fail(
            f"no sum of parts in {element}, which has no zero",
            remedy="convert it to f32 before it is added up, padded or looked up, or use --microbatches 1 on one device",
        )
    return {"sum": "0.0", "product": "1.0"}[fold]


def has_zero(element: ir.Type) -> bool:
    """Whether a type has a zero: f8E8M0FNU, powers of two, has none."""
    return str(element) != "f8E8M0FNU"


def filler(element: ir.Type) -> str:
    """The literal for numbers that nobody reads: zero where there is one."""
    return neutral("sum" if has_zero(element) else "product", element)


def _integer_neutral(fold: Fold, element: ir.IntegerType) -> str:
    bits, unsigned = element.width, element.is_unsigned
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    table: dict[str, Any] = {"sum": 0, "or": 0, "product": 1, "min": high, "max": low, "and": high if unsigned else -1}
    return str(table[fold])


# Bits of +infinity and -infinity, or of the largest finite values where a type has no infinity.
_EXTREMES = {
    "f64": ("0x7FF0000000000000", "0xFFF0000000000000"), "f32": ("0x7F800000", "0xFF800000"), "bf16": ("0x7F80", "0xFF80"),
    "f16": ("0x7C00", "0xFC00"), "f8E5M2": ("0x7C", "0xFC"), "f8E4M3": ("0x78", "0xF8"), "f8E3M4": ("0x70", "0xF0"),
    "f8E4M3FN": ("0x7E", "0xFE"), "f8E5M2FNUZ": ("0x7F", "0xFF"), "f8E4M3FNUZ": ("0x7F", "0xFF"), "f8E4M3B11FNUZ": ("0x7F", "0xFF"),
    "f4E2M1FN": ("0x7", "0xF"), "f8E8M0FNU": ("0xFE", "0x00"),
}  # fmt: skip


def _float_extreme(fold: Fold, element: ir.Type) -> str:
    pair = _EXTREMES.get(str(element))
    if pair is None:
        fail(
            f"no {fold} of {element} over microbatches",
            remedy="use --microbatches 1, or add the type to _EXTREMES in passes/analysis/ops/folds.py",
        )
    return pair[0] if fold == "min" else pair[1]
