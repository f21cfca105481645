// partition: 4
func.func @main(%x: tensor<4x8x8xf32>, %w: tensor<4x8x8xf32>) -> (tensor<4x8x8xf32>) {
  %y = stablehlo.dot_general %x, %w, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<4x8x8xf32>, tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  return %y : tensor<4x8x8xf32>
}
