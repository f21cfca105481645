// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %y = stablehlo.custom_call @mystery(%e) : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
