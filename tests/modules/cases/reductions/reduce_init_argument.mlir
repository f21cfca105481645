// want: equal
// batch: 0
func.func @main(%x: tensor<8x3xf32>, %i: tensor<f32>) -> (tensor<3xf32>) {
  %s = stablehlo.reduce(%x init: %i) applies stablehlo.add across dimensions = [0] : (tensor<8x3xf32>, tensor<f32>) -> tensor<3xf32>
  return %s : tensor<3xf32>
}
