// want: equal
// batch: 0
// partition: 1x4
func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %c = stablehlo.constant dense<1.0> : tensor<8xf32>
  %y = stablehlo.add %x, %c : tensor<8xf32>
  return %c, %y : tensor<8xf32>, tensor<8xf32>
}
