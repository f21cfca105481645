// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %y = stablehlo.reverse %x, dims = [0] : tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
