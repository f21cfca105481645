// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<2x4x4xf32>) {
  %y = stablehlo.reshape %x : (tensor<8x4xf32>) -> tensor<2x4x4xf32>
  return %y : tensor<2x4x4xf32>
}
