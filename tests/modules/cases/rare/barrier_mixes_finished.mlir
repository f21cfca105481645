// want: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<4xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%e init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
  %a, %b = stablehlo.optimization_barrier %e, %s : tensor<8x4xf32>, tensor<4xf32>
  return %a, %b : tensor<8x4xf32>, tensor<4xf32>
}
