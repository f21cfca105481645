"""What a loop reads until it ends keeps its memory: what the loop carries cannot be written over it."""

from jaxlib.mlir import ir

from dialects.context import make_context
from dialects.ops import entry_block, main_func
from passes.analysis.memory.liveness import peak_temp_bytes

MATRIX = "tensor<64x64xf32>"
BYTES = 64 * 64 * 4


def test_a_loop_writes_over_what_it_begins_with_and_not_over_what_it_reads() -> None:
    text = f"""func.func @main(%x: {MATRIX}, %y: {MATRIX}) -> tensor<64xf32> {{
      %i = stablehlo.constant dense<0> : tensor<i32>
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %begin = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : ({MATRIX}, {MATRIX}) -> {MATRIX}
      %read = stablehlo.dot_general %y, %x, contracting_dims = [1] x [0] : ({MATRIX}, {MATRIX}) -> {MATRIX}
      %r:2 = stablehlo.while(%a = %begin, %n = %i) : {MATRIX}, tensor<i32> cond {{
        %most = stablehlo.constant dense<3> : tensor<i32>
        %c = stablehlo.compare LT, %n, %most : (tensor<i32>, tensor<i32>) -> tensor<i1>
        stablehlo.return %c : tensor<i1>
      }} do {{
        %one = stablehlo.constant dense<1> : tensor<i32>
        %m = stablehlo.add %n, %one : tensor<i32>
        %b = stablehlo.add %a, %read : {MATRIX}
        stablehlo.return %b, %m : {MATRIX}, tensor<i32>
      }}
      %s = stablehlo.reduce(%r#0 init: %zero) applies stablehlo.add across dimensions = [1] : ({MATRIX}, tensor<f32>) -> tensor<64xf32>
      return %s : tensor<64xf32>
    }}"""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        carried = peak_temp_bytes(entry_block(main_func(module)))
        other = ir.Module.parse(text.replace("%a = %begin", "%a = %x"))
        from_argument = peak_temp_bytes(entry_block(main_func(other)))
    assert 2 * BYTES <= carried < 2.1 * BYTES
    assert 2 * BYTES <= from_argument < 2.1 * BYTES
