// want: equal
// batch: 0
// partition: 2x2
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %c = stablehlo.iota dim = 1 : tensor<8x4xf32>
  %y = stablehlo.add %x, %c : tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
