// partition: 2x2
func.func @main(%x: tensor<8x4x8xf32>, %w: tensor<4x8x8xf32>) -> (tensor<8x8xf32>) {
  %y = stablehlo.dot_general %x, %w, contracting_dims = [1, 2] x [0, 1] : (tensor<8x4x8xf32>, tensor<4x8x8xf32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
