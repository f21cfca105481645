// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<4x3x8xf32>) {
  %y = stablehlo.broadcast_in_dim %x, dims = [2, 0] : (tensor<8x4xf32>) -> tensor<4x3x8xf32>
  return %y : tensor<4x3x8xf32>
}
