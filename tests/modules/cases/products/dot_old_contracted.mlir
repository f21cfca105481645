// want: equal
// batch: 0
func.func @main(%x: tensor<8xf32>, %w: tensor<8xf32>) -> (tensor<f32>) {
  %y = stablehlo.dot %x, %w : (tensor<8xf32>, tensor<8xf32>) -> tensor<f32>
  return %y : tensor<f32>
}
