// want: equal
// batch: 0 1
func.func @main(%x: tensor<8x4xf32>, %z: tensor<8x2xf32>, %w: tensor<8x1xf32>) -> (tensor<8x7xf32>) {
  %y = stablehlo.concatenate %x, %z, %w, dim = 1 : (tensor<8x4xf32>, tensor<8x2xf32>, tensor<8x1xf32>) -> tensor<8x7xf32>
  return %y : tensor<8x7xf32>
}
