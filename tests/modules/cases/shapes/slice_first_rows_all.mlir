// want: equal
// batch: 0
func.func @main(%x: tensor<8x8xf32>) -> (tensor<8x2xf32>) {
  %y = stablehlo.slice %x [0:8, 0:2] : (tensor<8x8xf32>) -> tensor<8x2xf32>
  return %y : tensor<8x2xf32>
}
