// want: equal
// computed: refused
// dear: refused
// batch: 0 1
func.func @main(%x: tensor<8x3xf32>, %z: tensor<8xf32>) -> (tensor<3xf32>) {
  %i_init = stablehlo.constant dense<0.0> : tensor<f32>
  %i = stablehlo.reduce(%z init: %i_init) applies stablehlo.add across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  %s = stablehlo.reduce(%x init: %i) applies stablehlo.add across dimensions = [0] : (tensor<8x3xf32>, tensor<f32>) -> tensor<3xf32>
  return %s : tensor<3xf32>
}
