"""Convolutions, window reductions and gradients of max-pooling as windows that slide along dims, and how these dims are split.

A *slide* is a dim of the operand along which a window moves, with the dim that is split together with it: of the result, or of
the kernel where the window itself is contracted (the gradient of a kernel). ``exchanges.py`` says which rows then travel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.ops import body_ops, element_type
from passes.analysis.ops.folds import body_fold
from passes.analysis.ops.halo import Halo, Window, halo, picking_halos, splits_results, splits_window

WINDOWED = frozenset(("stablehlo.convolution", "stablehlo.reduce_window", "stablehlo.select_and_scatter"))
Shapes = Sequence[tuple[int, ...]]  # whole shapes of an op's operands, then of its results


@dataclass(frozen=True, slots=True)
class Slide:
    """``window`` moves along ``dim`` of the operands, and ``partner`` is split with it: a dim of the results, or of the kernel.

    ``place``: which of the op's windows it is, as its attributes count them. ``most``: into how many parts it could be split.
    ``picks``: each window picks a row of operand 0 and hands it a value of operand 1.
    """

    place: int
    dim: int
    partner: int
    contracted: bool
    window: Window
    most: int
    picks: bool = False

    @property
    def moves(self) -> bool:
        """False for a window of one element in a pooling's other dims, which goes over every element."""
        return self.window != Window(self.window.size, self.window.size, 1) or self.contracted

    def halo(self, parts: int, operand: int) -> Halo | None:
        """What each of ``parts`` devices needs of its neighbours' ``operand``; None when the dim cannot be split so."""
        if self.picks:
            both = picking_halos(self.window, parts)
            return None if both is None else both[operand]
        return halo(self.window, parts, contracted=self.contracted)


def slides(op: ir.Operation, shapes: Shapes) -> tuple[Slide, ...]:
    """The dims of ``op``, one of ``WINDOWED``, that could be split over some number of devices."""
    if any(0 in shape for shape in shapes):
        return ()
    if op.name == "stablehlo.convolution":
        found = _convolution(op, shapes)
    elif op.name == "stablehlo.reduce_window":
        found = _reduce_window(op, shapes)
    else:
        found = _select_and_scatter(op, shapes)
    return tuple(slide for slide in found if slide.most > 1)


def _convolution(op: ir.Operation, shapes: Shapes) -> list[Slide]:
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    dims = list(numbers.input_spatial_dimensions)
    kernel, result = list(numbers.kernel_spatial_dimensions), list(numbers.output_spatial_dimensions)
    ones = [1] * len(dims)
    strides, spacing, dilation = (ints(op, key, ones) for key in ("window_strides", "lhs_dilation", "rhs_dilation"))
    turned = list(ir.DenseBoolArrayAttr(op.attributes["window_reversal"])) if "window_reversal" in op.attributes else []
    padding = padding_of(op, len(dims))
    found: list[Slide] = []
    for i, dim in enumerate(dims):
        window = Window(
            size=shapes[0][dim],
            results=shapes[2][result[i]],
            length=shapes[1][kernel[i]],
            stride=strides[i],
            low=padding[i][0],
            spacing=spacing[i],
            dilation=dilation[i],
        )
        over_window = 1 if turned and turned[i] else splits_window(window)
        contracted = splits_results(window) == 1 or (over_window > 1 and window.length > window.results)
        most = over_window if contracted else splits_results(window)
        found.append(Slide(i, dim, kernel[i] if contracted else result[i], contracted, window, most))
    return found


def _reduce_window(op: ir.Operation, shapes: Shapes) -> list[Slide]:
    rank = len(shapes[0])
    ones = [1] * rank
    keys = ("window_dimensions", "window_strides", "base_dilations", "window_dilations")
    length, strides, spacing, dilation = (ints(op, key, ones) for key in keys)
    padding = padding_of(op, rank)
    windows = [
        Window(shapes[0][d], shapes[-1][d], length[d], strides[d], padding[d][0], spacing[d], dilation[d])
        for d in range(rank)
    ]
    return [Slide(d, d, d, False, window, splits_results(window)) for d, window in enumerate(windows)]


def _select_and_scatter(op: ir.Operation, shapes: Shapes) -> list[Slide]:
    """Windows that do not overlap lie in one part each, with what they pick; others are run by all whose rows they touch."""
    rank = len(shapes[0])
    ones = [1] * rank
    length, strides = (ints(op, key, ones) for key in ("window_dimensions", "window_strides"))
    padding = padding_of(op, rank)
    windows = [Window(shapes[0][d], shapes[1][d], length[d], strides[d], padding[d][0]) for d in range(rank)]
    known = picks(op) is not None and body_fold(op, 1) == "sum"
    return [
        Slide(d, d, d, False, window, splits_results(window) if known or apart(window) else 1, picks=True)
        for d, window in enumerate(windows)
    ]


def apart(window: Window) -> bool:
    """Whether windows do not overlap, and none begins in front of the dim."""
    return window.low == 0 and window.length <= window.stride


def picks(op: ir.Operation) -> Literal["max", "min"] | None:
    """What the windows of a ``select_and_scatter`` look for; None where that is not known."""
    block = op.regions[0].blocks[0]
    ops = body_ops(block)
    if str(element_type(op.operands[0])) not in ("f64", "f32", "f16", "bf16", "i64", "i32"):
        return None
    if len(ops) != 2 or ops[0].name != "stablehlo.compare" or ops[1].operands[0] != ops[0].results[0]:
        return None
    direction = str(stablehlo.ComparisonDirectionAttr(ops[0].attributes["comparison_direction"]).value)
    operands, arguments = list(ops[0].operands), list(block.arguments)
    if operands not in (arguments, arguments[::-1]) or direction not in ("GE", "GT", "LE", "LT"):
        return None
    return "max" if (direction[0] == "G") == (operands == arguments) else "min"


def ints(op: ir.Operation, key: str, default: list[int]) -> list[int]:
    """An ``array<i64: ...>`` attribute that may be missing."""
    return list(ir.DenseI64ArrayAttr(op.attributes[key])) if key in op.attributes else default


def padding_of(op: ir.Operation, rank: int) -> list[tuple[int, int]]:
    """``padding`` of a window op, (low, high) a dim."""
    if "padding" not in op.attributes:
        return [(0, 0)] * rank
    flat = [int(number) for number in ir.DenseIntElementsAttr(op.attributes["padding"])]
    return list(zip(flat[::2], flat[1::2], strict=True))
