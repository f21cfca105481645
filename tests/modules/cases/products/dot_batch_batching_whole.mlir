// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %w: tensor<8x4x3xf32>) -> (tensor<8x3xf32>) {
  %y = stablehlo.dot_general %x, %w, batching_dims = [0] x [0], contracting_dims = [1] x [1] : (tensor<8x4xf32>, tensor<8x4x3xf32>) -> tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}
