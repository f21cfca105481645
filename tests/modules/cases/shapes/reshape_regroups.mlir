// want: equal
// batch: 0
// partition: 2
func.func @main(%x: tensor<8x4xf32>) -> (tensor<4x8xf32>) {
  %y = stablehlo.reshape %x : (tensor<8x4xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
