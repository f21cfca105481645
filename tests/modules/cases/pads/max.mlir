// want: folded
func.func @main(%x: tensor<2x8x8xf32>) -> (tensor<2x8x7xf32>) {
  %z = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %p = stablehlo.pad %x, %z, low = [0, 0,1], high = [0, 2,0], interior = [0, 0,0] : (tensor<2x8x8xf32>, tensor<f32>) -> tensor<2x10x9xf32>
  %y = "stablehlo.reduce_window"(%p, %z) <{window_dimensions = array<i64: 1, 3, 3>}> ({
  ^bb0(%p0: tensor<f32>, %q: tensor<f32>):
    %s = stablehlo.maximum %p0, %q : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }) : (tensor<2x10x9xf32>, tensor<f32>) -> tensor<2x8x7xf32>
  return %y : tensor<2x8x7xf32>
}
