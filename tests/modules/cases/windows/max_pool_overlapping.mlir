// halves: 1 2
// quarters: 1 2
func.func @main(%x: tensor<2x8x16x3xf32>) -> (tensor<2x4x8x3xf32>) {
  %i = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %y = "stablehlo.reduce_window"(%x, %i) <{window_dimensions = array<i64: 1, 3, 3, 1>, window_strides = array<i64: 1, 2, 2, 1>, padding = dense<[[0, 0], [0, 1], [1, 0], [0, 0]]> : tensor<4x2xi64>}> ({
  ^bb0(%p: tensor<f32>, %q: tensor<f32>):
    %s = stablehlo.maximum %p, %q : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }) : (tensor<2x8x16x3xf32>, tensor<f32>) -> tensor<2x4x8x3xf32>
  return %y : tensor<2x4x8x3xf32>
}
