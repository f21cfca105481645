// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<4x4xf32>) {
  %y = stablehlo.slice %x [2:6, 0:4] : (tensor<8x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
