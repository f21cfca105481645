// want: equal
// batch: 1
func.func @main(%p: tensor<i1>, %x: tensor<8x4xf32>) -> (tensor<4xf32>) {
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%x init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
  %b:1 = "stablehlo.if"(%p) ({
    %t = stablehlo.tanh %s : tensor<4xf32>
    stablehlo.return %t : tensor<4xf32>
  }, {
    stablehlo.return %s : tensor<4xf32>
  }) : (tensor<i1>) -> (tensor<4xf32>)
  return %b : tensor<4xf32>
}
