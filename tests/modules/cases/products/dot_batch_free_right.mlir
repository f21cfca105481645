// want: equal
// batch: 0
// partition: 2x2x2
func.func @main(%x: tensor<8x4xf32>, %w: tensor<4x3xf32>) -> (tensor<3x8xf32>) {
  %y = stablehlo.dot_general %w, %x, contracting_dims = [0] x [1] : (tensor<4x3xf32>, tensor<8x4xf32>) -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}
