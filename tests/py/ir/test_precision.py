"""f32 is computed in f32 on GPUs: dots and convolutions ask for it, unless they name an algorithm, or compute in another type."""

import pytest
from jaxlib.mlir import ir

from dialects.context import make_context
from runtime.devices.precision import in_full_precision

DOT = "contracting_dims = [1] x [0]"


def dot(kind: str, more: str = "") -> str:
    a, b, c = (f"tensor<{shape}x{kind}>" for shape in ("4x8", "8x2", "4x2"))
    return f"""func.func public @main(%a: {a}, %b: {b}) -> {c} {{
      %0 = stablehlo.dot_general %a, %b, {DOT}{more} : ({a}, {b}) -> {c}
      return %0 : {c}
    }}"""


CONVOLUTION = """func.func public @main(%x: tensor<1x8x8x3xf32>, %w: tensor<3x3x3x4xf32>) -> tensor<1x6x6x4xf32> {
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {}
    {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x6x6x4xf32>
  return %0 : tensor<1x6x6x4xf32>
}"""
IN_A_LOOP = """func.func public @main(%a: tensor<4x4xf32>, %n: tensor<i32>) -> tensor<4x4xf32> {
  %0:2 = stablehlo.while(%x = %a, %i = %n) : tensor<4x4xf32>, tensor<i32>
    cond { %c = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
           stablehlo.return %c : tensor<i1> }
    do { %y = stablehlo.dot_general %x, %x, contracting_dims = [1] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
         stablehlo.return %y, %i : tensor<4x4xf32>, tensor<i32> }
  return %0#0 : tensor<4x4xf32>
}"""
TF32 = """, algorithm = <lhs_precision_type = tf32, rhs_precision_type = tf32, accumulation_type = f32, lhs_component_count = 1,
  rhs_component_count = 1, num_primitive_operations = 1, allow_imprecise_accumulation = false>"""


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (dot("f32"), True),
        (dot("complex<f32>"), True),
        (dot("f32", ", precision = [HIGH, DEFAULT]"), True),
        (dot("f32", TF32), False),
        (dot("bf16"), False),
        (dot("f64"), False),
        (CONVOLUTION, True),
        (IN_A_LOOP, True),
    ],
)
def test_full_precision(text: str, asked: bool) -> None:
    with make_context():
        module = ir.Module.parse(text)
        before = str(module)
        in_full_precision(module)
        module.operation.verify()
        assert (str(module).count("HIGHEST") == 2) is asked
        assert "DEFAULT" not in str(module) or not asked
        if not asked:
            assert str(module) == before
