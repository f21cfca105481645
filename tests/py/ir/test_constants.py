"""What constants hold: kinds that the bindings cannot compare or list count as different or unknown, and none raises."""

from itertools import product

from jaxlib.mlir import ir

from dialects.constants import is_constant, same_constant, splat_integer
from dialects.context import make_context
from dialects.ops import body_ops, entry_block, main_func
from passes.analysis.indices.counters import counts_along
from passes.analysis.ops.trip_count import constant_integer

# a kind of value, and what all its elements are
VALUES = {
    "%argument": None,
    "stablehlo.constant dense<1.0> : tensor<f32>": "1.0 : f32",
    "stablehlo.constant dense<1.0> : tensor<2x3xf32>": "1.0 : f32",
    "stablehlo.broadcast_in_dim %one, dims = [] : (tensor<f32>) -> tensor<4xf32>": "1.0 : f32",
    "stablehlo.reshape %one : (tensor<f32>) -> tensor<1x1xf32>": "1.0 : f32",
    "stablehlo.constant dense<1.0> : tensor<f16>": "1.0 : f16",
    "stablehlo.constant dense<0.0> : tensor<f32>": "0.0 : f32",
    "stablehlo.constant dense<-0.0> : tensor<f32>": "-0.0 : f32",
    "stablehlo.constant dense<0x7FC00000> : tensor<f32>": "nan",
    "stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>": None,
    "stablehlo.constant dense<> : tensor<0xf32>": None,
    "stablehlo.constant dense<(1.0, 1.0)> : tensor<complex<f32>>": None,
    "stablehlo.constant dense_resource<held> : tensor<i32>": None,
    "stablehlo.constant dense<1> : tensor<i32>": "1 : i32",
    "stablehlo.constant dense<1> : tensor<ui32>": "1 : ui32",
    "stablehlo.constant dense<true> : tensor<i1>": "true",
    "stablehlo.constant dense<-1> : tensor<i4>": "-1 : i4",
    "stablehlo.constant dense<3> : tensor<ui2>": "3 : ui2",
    "stablehlo.constant dense<[0, 1]> : tensor<2xi4>": None,
    "stablehlo.constant dense<1.0> : tensor<f4E2M1FN>": "1.0 : f4",
}
HEAD = "func.func @main(%argument: tensor<f32>) {\n%one = stablehlo.constant dense<1.0> : tensor<f32>\n"
TAIL = 'return\n}\n{-# dialect_resources: { builtin: { held: "0x0400000001000000" } } #-}'


def test_every_pair() -> None:
    lines = "".join(f"%{i} = {text}\n" for i, text in enumerate(list(VALUES)[1:]))
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(HEAD + lines + TAIL)
        main = main_func(module)
        made = [op.results[0] for op in body_ops(entry_block(main))[1:-1]]
        values = list(zip([entry_block(main).arguments[0], *made], VALUES.values(), strict=True))
        for (one, mine), (other, its) in product(values, values):
            assert same_constant(one, other) == (mine is not None and mine == its), (one, other)
        numbers = [splat_integer(value) for value, _ in values]
        assert numbers == [None] * 13 + [1, 1, 1, -1, 3, None, None]
        scalars = [constant_integer(value) for value, _ in values]
        assert scalars == numbers
        assert [counts_along(value) for value, _ in values] == [None] * len(values)
        assert [
            is_constant(value, "1") for value, held in values if held and held.endswith(("32", "4")) and "i" in held
        ] == [
            True,
            True,
            False,
        ]
