"""``fold-pads``: the results stay. The oracle is the program as it was written, which ``normalize`` has not seen."""

import numpy as np
import pytest
from jaxlib.mlir import ir
from op_cases import Case, case
from simulate import Runner, assert_same, make_arguments
from window_cases import MAX, SUM, picked

from dialects.context import make_context
from dialects.ops import all_ops, main_func
from passes.normalize.fold_pads import FoldPads
from passes.normalize.remove_dead_code import RemoveDeadCode


def conv(name: str, pad: str, padded: str, window: str, result: str) -> Case:
    low, high, interior = pad.split(" ")
    return case(
        name,
        "equal",
        "x:2x8x8x3xf32 w:3x3x3x5xf32",
        "%z = h.constant dense<0.0> : [f32]\n"
        f"%p = h.pad %x, %z, low = [0, {low}, 0], high = [0, {high}, 0], interior = [0, {interior}, 0] : ([2x8x8x3xf32], [f32]) -> [{padded}]\n"
        "%y = h.convolution(%p, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], "
        f"window = {{{window}}} {{batch_group_count = 1 : i64, feature_group_count = 1 : i64}} : ([{padded}], [3x3x3x5xf32]) -> [{result}]",
        f"y:{result}",
    )


def pool(name: str, pad: str, padded: str, window: str, result: str, init: str, body: str) -> Case:
    low, high, interior = pad.split(" ")
    return case(
        name,
        "equal",
        "x:2x8x8xf32",
        f"%z = h.constant dense<{init}> : [f32]\n"
        f"%p = h.pad %x, %z, low = [0, {low}], high = [0, {high}], interior = [0, {interior}] : ([2x8x8xf32], [f32]) -> [{padded}]\n"
        f'%y = "h.reduce_window"(%p, %z) <{{{window}}}> ({{\n^bb0(%p0: [f32], %q: [f32]):\n{body.replace("%p,", "%p0,")}\n}}) '
        f": ([{padded}], [f32]) -> [{result}]",
        f"y:{result}",
    )


def max_pool_gradient() -> Case:
    window = "window_dimensions = array<i64: 1, 3, 3>, window_strides = array<i64: 1, 2, 2>, padding = dense<0> : tensor<3x2xi64>"
    inner = picked("", "2x9x9", "2x4x4", window)
    body = inner.text.split("{\n", 1)[1].rsplit("\nreturn", 1)[0].replace("(%x, %u, %z)", "(%p9, %u, %z)")
    return case(
        "max_pool_gradient",
        "equal",
        "x:2x8x8xf32 u:2x4x4xf32",
        "%l = h.constant dense<0xFF800000> : [f32]\n"
        "%p9 = h.pad %x, %l, low = [0, 0, 1], high = [0, 1, 0], interior = [0, 0, 0] : ([2x8x8xf32], [f32]) -> [2x9x9xf32]\n"
        f"{body}\n%r = h.slice %y [0:2, 0:8, 1:9] : ([2x9x9xf32]) -> [2x8x8xf32]",
        "r:2x8x8xf32",
    )


THREE = "window_dimensions = array<i64: 1, 3, 3>"
FOLDED = [
    conv("same", "1,1 1,1 0,0", "2x10x10x3xf32", "", "2x8x8x5xf32"),
    conv("uneven_and_strided", "0,2 1,0 0,0", "2x9x10x3xf32", "stride = [2, 2], pad = [[1, 0], [0, -1]]", "2x4x4x5xf32"),
    conv("between", "1,0 1,2 1,2", "2x17x24x3xf32", "rhs_dilate = [2, 1]", "2x13x22x5xf32"),
    pool("average", "1,1 1,1 0,0", "2x10x10xf32", THREE, "2x8x8xf32", "0.0", SUM),
    pool("average_gradient", "1,1 1,1 1,1", "2x17x17xf32", f"{THREE}, window_dilations = array<i64: 1, 2, 1>", "2x13x15xf32", "0.0", SUM),
    pool("max", "0,1 2,0 0,0", "2x10x9xf32", THREE, "2x8x7xf32", "0xFF800000", MAX),
    pool("sum_of_a_start", "1,0 0,1 0,0", "2x9x9xf32", THREE, "2x7x7xf32", "0.5", SUM),
    max_pool_gradient(),
]  # fmt: skip
KEPT = [
    conv("cut", "-1,0 1,0 0,0", "2x8x8x3xf32", "", "2x6x6x5xf32"),
    conv("spaced", "1,1 1,1 0,0", "2x10x10x3xf32", "lhs_dilate = [2, 1]", "2x17x8x5xf32"),
]


def folded(item: Case) -> bool:
    """Whether no pad is left; the results are the same."""
    with make_context(), ir.Location.unknown():
        arguments = make_arguments(item.text, 3)
        arguments[0] = -np.abs(arguments[0])  # where padding is picked by mistake, it shows
        module = ir.Module.parse(item.text)
        want = Runner(main_func(module)).run(arguments)
        FoldPads().run(module)
        RemoveDeadCode().run(module)
        assert module.operation.verify()
        got = Runner(main_func(module)).run(arguments)
        for mine, its in zip(got, want, strict=True):
            assert_same(mine, its, item.name)
        return not any(op.name == "stablehlo.pad" for op in all_ops(module.operation))


@pytest.mark.parametrize("item", FOLDED, ids=lambda item: item.name)
def test_folded(item: Case) -> None:
    assert folded(item)


@pytest.mark.parametrize("item", KEPT, ids=lambda item: item.name)
def test_kept(item: Case) -> None:
    assert not folded(item)
