// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %w: tensor<4xf32>) -> (tensor<8x4xf32>, tensor<4xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %a, %b = stablehlo.optimization_barrier %e, %w : tensor<8x4xf32>, tensor<4xf32>
  return %a, %b : tensor<8x4xf32>, tensor<4xf32>
}
