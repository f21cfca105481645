// want: equal
// batch: 0
// partition: 2x2x2
func.func @main(%x: tensor<8x1xf32>) -> (tensor<8x4xf32>) {
  %y = stablehlo.broadcast_in_dim %x, dims = [0, 1] : (tensor<8x1xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
