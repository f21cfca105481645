// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<4x2x4xf32>) {
  %y = stablehlo.reshape %x : (tensor<8x4xf32>) -> tensor<4x2x4xf32>
  return %y : tensor<4x2x4xf32>
}
