"""Which dims may be split at all, and what a device's op then says: rule by rule, with the numbers of one device."""

from collections.abc import Sequence
from math import prod

import pytest
from jaxlib.mlir import ir
from partition_run import run_partitioned
from simulate import assert_same, make_arguments, whole
from test_partition_ops import partitioned

from dialects.context import make_context
from dialects.ops import all_ops, body_ops, entry_block, main_func
from dialects.sharding import MeshShape, Sharding
from passes.analysis.memory.fusion import gathers_inner
from passes.analysis.ops.local_rules import untouched_dims
from passes.analysis.ops.rules import Rule, read_rule
from passes.analysis.ops.window_rules import needless
from passes.partition.fit import Misfit, fit
from passes.rules import write_rules

SQUARE = MeshShape((("x", 2), ("y", 2)))


def first(module: ir.Module, name: str) -> ir.Operation:
    return next(op for op in all_ops(module.operation) if op.name == f"stablehlo.{name}")


@pytest.mark.parametrize(
    ("low", "high", "interior", "result", "untouched"),
    [
        ("0, 0", "0, 0", "0, 0", "4x4", (0, 1)),
        ("1, 0", "0, 0", "0, 0", "5x4", (1,)),
        ("1, 0", "-1, 0", "0, 0", "4x4", (1,)),  # as long as before, and shifted
        ("-1, 0", "1, 0", "0, 0", "4x4", (1,)),
        ("0, -3", "0, 0", "0, 1", "4x4", (0,)),  # spread out, and cut to the old length
        ("0, 0", "0, -3", "0, 1", "4x4", (0,)),
        ("1, -1", "-1, 1", "0, 0", "4x4", ()),
    ],
)
def test_a_pad_that_moves_elements_touches_its_dim(
    low: str, high: str, interior: str, result: str, untouched: tuple[int, ...]
) -> None:
    text = f"""func.func @main(%x: tensor<4x4xf32>, %c: tensor<f32>) -> tensor<{result}xf32> {{
      %0 = stablehlo.pad %x, %c, low = [{low}], high = [{high}], interior = [{interior}] : (tensor<4x4xf32>, tensor<f32>) -> tensor<{result}xf32>
      return %0 : tensor<{result}xf32>
    }}"""
    with make_context(), ir.Location.unknown():
        assert untouched_dims(first(ir.Module.parse(text), "pad")) == untouched


def fitted(before: Sequence[int], ins: Sharding, outs: Sharding) -> dict[int, tuple[str, ...]]:
    """What ``fit`` says of a reshape that merges dims of these sizes into one."""
    old, new = "x".join(map(str, before)), prod(before)
    text = f"""func.func @main(%x: tensor<{old}xf32>) -> tensor<{new}xf32> {{
      %0 = stablehlo.reshape %x : (tensor<{old}xf32>) -> tensor<{new}xf32>
      return %0 : tensor<{new}xf32>
    }}"""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        write_rules(module)
        op = first(module, "reshape")
        rule = read_rule(op)
        assert rule is not None
        return dict(fit(op, rule, (ins,), (outs,), (tuple(before), (new,)), SQUARE).along)


def test_axes_of_a_merged_dim_go_to_its_factors_in_order() -> None:
    both = Sharding((("x", "y"),))
    assert fitted((2, 4), Sharding((("x",), ("y",))), both) == {0: ("x",), 1: ("y",)}
    assert fitted((4, 2), Sharding((("x", "y"), ())), both) == {0: ("x", "y")}
    with pytest.raises(Misfit, match="is split over"):
        fitted((4, 2), Sharding((("x",), ("y",))), both)


@pytest.mark.parametrize("before", [(6,), (3, 2), (6, 4)])
def test_a_factor_that_axes_do_not_divide_is_refused(before: tuple[int, ...]) -> None:
    ins = Sharding((("x", "y"), *[()] * (len(before) - 1)))
    with pytest.raises(Misfit, match=r"y split a dim of the factors .* unevenly|x, y split a dim"):
        fitted(before, ins, Sharding((("x", "y"),)))


def test_only_axes_of_its_groups_divide_a_convolutions_groups() -> None:
    """Images in 2 groups of 4: "x" splits the groups, "y" what is in one."""
    text = """sdy.mesh @mesh = <["x"=2, "y"=2]>
    func.func @main(%x: tensor<8x8x8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x", "y"}, {}, {}, {}]>},
        %w: tensor<3x3x4x8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}, {}, {"x"}]>})
        -> (tensor<4x8x8x8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y"}, {}, {}, {"x"}]>}) {
      %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 2 : i64, feature_group_count = 1 : i64, sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"y"}, {}, {}, {"x"}]>]>} : (tensor<8x8x8x4xf32>, tensor<3x3x4x8xf32>) -> tensor<4x8x8x8xf32>
      return %y : tensor<4x8x8x8xf32>
    }"""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        arguments = make_arguments(text, 5)
        assert not partitioned(module, SQUARE), "nothing travels"
        local = first(module, "convolution")
        assert ir.IntegerAttr(local.attributes["batch_group_count"]).value == 1
        (got,), _ = run_partitioned(module, SQUARE, arguments, [()] * 2, 5)
        assert_same(got, whole(text, arguments)[0], "result")


def pooled(shape: str, window: str, result: str, devices: int) -> tuple[frozenset[int], Rule]:
    dims = shape.count("x") + 1
    text = f"""func.func @main(%x: tensor<{shape}xf32>) -> tensor<{result}xf32> {{
      %i = stablehlo.constant dense<0.0> : tensor<f32>
      %y = "stablehlo.reduce_window"(%x, %i) <{{window_dimensions = array<i64: {window}>, window_strides = array<i64: {window}>, padding = dense<0> : tensor<{dims}x2xi64>}}> ({{
      ^bb0(%p: tensor<f32>, %q: tensor<f32>):
        %s = stablehlo.add %p, %q : tensor<f32>
        stablehlo.return %s : tensor<f32>
      }}) : (tensor<{shape}xf32>, tensor<f32>) -> tensor<{result}xf32>
      return %y : tensor<{result}xf32>
    }}"""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        write_rules(module)
        op = first(module, "reduce_window")
        rule = read_rule(op)
        assert rule is not None
        return needless(op, rule, devices), rule


def test_windows_over_all_dims_have_no_images_to_split_instead() -> None:
    found, _ = pooled("64x64", "2, 2", "32x32", 4)
    assert found == frozenset()
    found, rule = pooled("64x64x64", "1, 2, 2", "64x32x32", 4)
    assert found == {factor for dim in rule.operands[0][1:] for factor in dim}, "64 images for 4 devices"
    assert pooled("6x64x64", "1, 2, 2", "6x32x32", 4)[0] == frozenset(), "6 images do not come out even"


FUSING = "%a = stablehlo.tanh %g : tensor<8x8xf32>"
OTHER = "%b = stablehlo.dot_general %g, %g, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>"


@pytest.mark.parametrize(
    ("readers", "results", "dim", "inner"),
    [
        ((FUSING,), "%a, %a", 1, False),
        ((OTHER,), "%b, %b", 1, True),
        ((FUSING, OTHER), "%a, %b", 1, True),
        ((FUSING, OTHER), "%a, %b", 0, False),  # parts that come one after the other lie as they come
    ],
)
def test_a_gather_along_an_inner_dim_is_put_in_order_for_one_reader_that_wants_it(
    readers: Sequence[str], results: str, dim: int, inner: bool
) -> None:
    part = "8x4" if dim else "4x8"
    text = f"""func.func @main(%x: tensor<{part}xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {{
      %g = "stablehlo.all_gather"(%x) <{{all_gather_dim = {dim} : i64, replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>}}> : (tensor<{part}xf32>) -> tensor<8x8xf32>
      {chr(10).join(readers)}
      return {results} : tensor<8x8xf32>, tensor<8x8xf32>
    }}"""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        assert gathers_inner(body_ops(entry_block(main_func(module)))[0]) is inner
