// want: equal
// batch: 0
// partition: 2x4
func.func @main(%x: tensor<8x4xf32>) -> (tensor<32xf32>) {
  %y = stablehlo.reshape %x : (tensor<8x4xf32>) -> tensor<32xf32>
  return %y : tensor<32xf32>
}
