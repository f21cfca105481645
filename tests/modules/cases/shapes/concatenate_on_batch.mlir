// want: equal
// batch: 0 1
// partition: 2x2
func.func @main(%x: tensor<8x4xf32>, %z: tensor<8x4xf32>) -> (tensor<16x4xf32>) {
  %y = stablehlo.concatenate %x, %z, dim = 0 : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<16x4xf32>
  return %y : tensor<16x4xf32>
}
