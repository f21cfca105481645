// want: refused
// batch: 1
// partition: 2
func.func @main(%p: tensor<i1>, %x: tensor<8x8xf32>) -> (tensor<8xf32>) {
  %e = stablehlo.tanh %x : tensor<8x8xf32>
  %b:1 = "stablehlo.if"(%p) ({
    %s_init = stablehlo.constant dense<0.0> : tensor<f32>
    %s = stablehlo.reduce(%e init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8x8xf32>, tensor<f32>) -> tensor<8xf32>
    stablehlo.return %s : tensor<8xf32>
  }, {
    %s_init = stablehlo.constant dense<0.0> : tensor<f32>
    %s = stablehlo.reduce(%e init: %s_init) applies stablehlo.add across dimensions = [1] : (tensor<8x8xf32>, tensor<f32>) -> tensor<8xf32>
    stablehlo.return %s : tensor<8xf32>
  }) : (tensor<i1>) -> (tensor<8xf32>)
  return %b : tensor<8xf32>
}
