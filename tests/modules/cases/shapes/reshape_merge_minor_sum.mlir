// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<f32>) {
  %t = stablehlo.transpose %x, dims = [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %r = stablehlo.reshape %t : (tensor<4x8xf32>) -> tensor<32xf32>
  %e = stablehlo.tanh %r : tensor<32xf32>
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%e init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<32xf32>, tensor<f32>) -> tensor<f32>
  return %s : tensor<f32>
}
