// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %y = stablehlo.tanh %x : tensor<8x4xf32>
  return %y, %y : tensor<8x4xf32>, tensor<8x4xf32>
}
