// halves: 1
func.func @main(%x: tensor<2x16x8xf32>, %u: tensor<2x4x8xf32>) -> (tensor<2x16x8xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %y = "stablehlo.select_and_scatter"(%x, %u, %z) <{window_dimensions = array<i64: 1, 7, 1>, window_strides = array<i64: 1, 4, 1>, padding = dense<[[0, 0], [2, 1], [0, 0]]> : tensor<3x2xi64>}> ({
  ^bb0(%p: tensor<f32>, %q: tensor<f32>):
    %c = stablehlo.compare GE, %p, %q : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %c : tensor<i1>
  }, {
  ^bb0(%p: tensor<f32>, %q: tensor<f32>):
    %s = stablehlo.add %p, %q : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }) : (tensor<2x16x8xf32>, tensor<2x4x8xf32>, tensor<f32>) -> tensor<2x16x8xf32>
  return %y : tensor<2x16x8xf32>
}
