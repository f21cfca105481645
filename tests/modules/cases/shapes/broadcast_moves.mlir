// want: equal
// batch: 0
func.func @main(%x: tensor<8xf32>) -> (tensor<4x8xf32>) {
  %y = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
