// halves: 1 2
// quarters: 1 2
func.func @main(%x: tensor<2x8x16x3xf32>) -> (tensor<2x8x16x3xf32>) {
  %i = stablehlo.constant dense<0.0> : tensor<f32>
  %y = "stablehlo.reduce_window"(%x, %i) <{window_dimensions = array<i64: 1, 3, 2, 1>, window_strides = array<i64: 1, 1, 1, 1>, padding = dense<[[0, 0], [2, 2], [0, 2], [0, 0]]> : tensor<4x2xi64>, window_dilations = array<i64: 1, 2, 2, 1>}> ({
  ^bb0(%p: tensor<f32>, %q: tensor<f32>):
    %s = stablehlo.add %p, %q : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }) : (tensor<2x8x16x3xf32>, tensor<f32>) -> tensor<2x8x16x3xf32>
  return %y : tensor<2x8x16x3xf32>
}
