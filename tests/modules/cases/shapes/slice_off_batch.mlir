// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x2xf32>) {
  %y = stablehlo.slice %x [0:8, 1:3] : (tensor<8x4xf32>) -> tensor<8x2xf32>
  return %y : tensor<8x2xf32>
}
