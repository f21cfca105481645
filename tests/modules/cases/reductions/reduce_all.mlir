// want: equal
// batch: 0
func.func @main(%x: tensor<8x3xf32>) -> (tensor<f32>) {
  %s_init = stablehlo.constant dense<2.0> : tensor<f32>
  %s = stablehlo.reduce(%x init: %s_init) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x3xf32>, tensor<f32>) -> tensor<f32>
  return %s : tensor<f32>
}
