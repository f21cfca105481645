// want: equal
// batch: 0
// partition: 4
func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>) {
  %c = stablehlo.constant dense<[0.,1.,2.,3.,4.,5.,6.,7.]> : tensor<8xf32>
  %y = stablehlo.add %x, %c : tensor<8xf32>
  return %y : tensor<8xf32>
}
