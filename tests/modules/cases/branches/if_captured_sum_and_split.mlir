// want: refused
// batch: 1
func.func @main(%p: tensor<i1>, %x: tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%e init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
  %b:2 = "stablehlo.if"(%p) ({
    %t = stablehlo.tanh %s : tensor<4xf32>
    %q = stablehlo.sine %e : tensor<8x4xf32>
    stablehlo.return %t, %q : tensor<4xf32>, tensor<8x4xf32>
  }, {
    stablehlo.return %s, %e : tensor<4xf32>, tensor<8x4xf32>
  }) : (tensor<i1>) -> (tensor<4xf32>, tensor<8x4xf32>)
  return %b#0, %b#1 : tensor<4xf32>, tensor<8x4xf32>
}
