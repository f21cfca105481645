// want: equal
// batch: 0
// partition: 4
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %y = stablehlo.reverse %x, dims = [1] : tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
