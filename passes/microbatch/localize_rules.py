"""Per-op knowledge for localizing: attributes that hold sizes."""

from collections.abc import Callable

from jaxlib.mlir import ir

from dialects.build import i64s
from dialects.ops import shape_of


def _patch_slice(op: ir.Operation) -> None:
    """Along the rows a slice takes whole pieces (``analysis/batch/pieces.py``): its borders shrink as the pieces do."""
    starts, limits, strides = (
        list(ir.DenseI64ArrayAttr(op.attributes[name])) for name in ("start_indices", "limit_indices", "strides")
    )
    for dim, kept in enumerate(shape_of(op.results[0])):
        taken = -(-(limits[dim] - starts[dim]) // strides[dim])
        if taken != kept:
            starts[dim] = starts[dim] * kept // taken
            limits[dim] = starts[dim] + kept
    op.attributes["start_indices"], op.attributes["limit_indices"] = i64s(starts), i64s(limits)


def _patch_pad(op: ir.Operation) -> None:
    """Along the rows a pad adds whole pieces, which shrink as the operand's do."""
    low, high, inside = (
        list(ir.DenseI64ArrayAttr(op.attributes[name]))
        for name in ("edge_padding_low", "edge_padding_high", "interior_padding")
    )
    for dim, (before, behind) in enumerate(zip(shape_of(op.operands[0]), shape_of(op.results[0]), strict=True)):
        added, said = behind - before, low[dim] + high[dim]
        if inside[dim] == 0 and added != said:
            low[dim] = low[dim] * added // said
            high[dim] = added - low[dim]
    op.attributes["edge_padding_low"], op.attributes["edge_padding_high"] = i64s(low), i64s(high)


def _patch_dynamic_slice(op: ir.Operation) -> None:
    op.attributes["slice_sizes"] = i64s(shape_of(op.results[0]))


def _patch_gather(op: ir.Operation) -> None:
    """Window dims that reach the result keep its size; collapsed and batching dims keep 1 (or 0)."""
    text = str(op.attributes["dimension_numbers"])
    offset, collapsed, batching = (
        _ints(text, key) for key in ("offset_dims", "collapsed_slice_dims", "operand_batching_dims")
    )
    sizes = list(ir.DenseI64ArrayAttr(op.attributes["slice_sizes"]))
    windows = [dim for dim in range(len(sizes)) if dim not in collapsed and dim not in batching]
    result = shape_of(op.results[0])
    for dim, out in zip(windows, offset, strict=True):
        sizes[dim] = result[out]
    op.attributes["slice_sizes"] = i64s(sizes)


def _ints(text: str, key: str) -> list[int]:
    """The list ``key = [1, 2]`` inside a printed attribute; empty when the key is not printed."""
    _, found, rest = text.partition(f" {key} = [") if f" {key} = [" in text else text.partition(f"<{key} = [")
    return [int(item) for item in rest.partition("]")[0].split(",") if item.strip()] if found else []


PATCHES: dict[str, Callable[[ir.Operation], None]] = {
    "stablehlo.slice": _patch_slice,
    "stablehlo.pad": _patch_pad,
    "stablehlo.dynamic_slice": _patch_dynamic_slice,
    "stablehlo.gather": _patch_gather,
}
