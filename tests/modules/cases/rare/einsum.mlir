// want: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %w: tensor<4x3xf32>) -> (tensor<8x3xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %y = "stablehlo.einsum"(%e, %w) {einsum_config = "bi,io->bo"} : (tensor<8x4xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}
