// want: equal
// batch: 0
func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>) {
  %c = stablehlo.constant dense<2.0> : tensor<8xf32>
  %y = stablehlo.add %x, %c : tensor<8xf32>
  return %y : tensor<8xf32>
}
