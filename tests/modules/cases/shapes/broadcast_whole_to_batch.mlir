// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %w: tensor<4xf32>) -> (tensor<8x4xf32>) {
  %c = stablehlo.broadcast_in_dim %w, dims = [1] : (tensor<4xf32>) -> tensor<8x4xf32>
  %y = stablehlo.add %x, %c : tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
