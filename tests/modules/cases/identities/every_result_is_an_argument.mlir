// batch: 1
func.func @main(%w: tensor<4xf32>, %x: tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>) {
  return %w, %x : tensor<4xf32>, tensor<8x4xf32>
}
