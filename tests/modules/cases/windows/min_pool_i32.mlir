// halves: 1 2
// quarters: 1 2
func.func @main(%x: tensor<2x8x16x3xi32>) -> (tensor<2x8x16x3xi32>) {
  %i = stablehlo.constant dense<2> : tensor<i32>
  %y = "stablehlo.reduce_window"(%x, %i) <{window_dimensions = array<i64: 1, 3, 3, 1>, window_strides = array<i64: 1, 1, 1, 1>, padding = dense<[[0, 0], [1, 1], [1, 1], [0, 0]]> : tensor<4x2xi64>}> ({
  ^bb0(%p: tensor<i32>, %q: tensor<i32>):
    %s = stablehlo.minimum %p, %q : tensor<i32>
    stablehlo.return %s : tensor<i32>
  }) : (tensor<2x8x16x3xi32>, tensor<i32>) -> tensor<2x8x16x3xi32>
  return %y : tensor<2x8x16x3xi32>
}
