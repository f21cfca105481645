// want: refused
// batch: 0
func.func @main(%x: tensor<8x3xf32>) -> (tensor<8x3xf32>) {
  %e = stablehlo.tanh %x : tensor<8x3xf32>
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%e init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8x3xf32>, tensor<f32>) -> tensor<3xf32>
  %b = stablehlo.broadcast_in_dim %s, dims = [1] : (tensor<3xf32>) -> tensor<8x3xf32>
  %y = stablehlo.subtract %e, %b : tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}
