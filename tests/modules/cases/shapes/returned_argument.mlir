// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %w: tensor<4xf32>) -> (tensor<8x4xf32>, tensor<4xf32>) {
  return %x, %w : tensor<8x4xf32>, tensor<4xf32>
}
