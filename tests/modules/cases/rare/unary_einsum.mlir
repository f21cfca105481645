// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %y = "stablehlo.unary_einsum"(%e) {einsum_config = "bi->b"} : (tensor<8x4xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
