// want: kept
func.func @main(%x: tensor<2x8x8xf32>, %z: tensor<f32>) -> (tensor<2x8x8xf32>) {
  %c = stablehlo.constant dense<0.0> : tensor<f32>
  %p = stablehlo.pad %x, %z, low = [0, 1, 1], high = [0, 1, 1], interior = [0, 0, 0] : (tensor<2x8x8xf32>, tensor<f32>) -> tensor<2x10x10xf32>
  %y = "stablehlo.reduce_window"(%p, %z) <{window_dimensions = array<i64: 1, 3, 3>}> ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %s = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }) : (tensor<2x10x10xf32>, tensor<f32>) -> tensor<2x8x8xf32>
  return %y : tensor<2x8x8xf32>
}
