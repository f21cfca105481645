// want: equal
// batch: 0
func.func @main(%x: tensor<8xf32>, %w: tensor<4xf32>) -> (tensor<4xf32>) {
  %y = stablehlo.tanh %w : tensor<4xf32>
  return %y : tensor<4xf32>
}
