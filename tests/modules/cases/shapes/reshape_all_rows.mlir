// want: equal
// batch: 0
// microbatches: 8
func.func @main(%x: tensor<8x1xf32>) -> (tensor<8xf32>) {
  %y = stablehlo.reshape %x : (tensor<8x1xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
