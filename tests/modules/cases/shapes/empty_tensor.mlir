// want: equal
// batch: 0
func.func @main(%x: tensor<8x0xf32>) -> (tensor<8x0xf32>, tensor<8xf32>) {
  %y = stablehlo.tanh %x : tensor<8x0xf32>
  %s_init = stablehlo.constant dense<1.0> : tensor<f32>
  %s = stablehlo.reduce(%y init: %s_init) applies stablehlo.add across dimensions = [1] : (tensor<8x0xf32>, tensor<f32>) -> tensor<8xf32>
  return %y, %s : tensor<8x0xf32>, tensor<8xf32>
}
