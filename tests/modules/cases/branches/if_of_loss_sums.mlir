// want: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %w: tensor<4xf32>) -> (tensor<4xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %loss_init = stablehlo.constant dense<0.0> : tensor<f32>
  %loss = stablehlo.reduce(%e init: %loss_init) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %up = stablehlo.compare GT, %loss, %zero : (tensor<f32>, tensor<f32>) -> tensor<i1>
  %b:1 = "stablehlo.if"(%up) ({
    %s_init = stablehlo.constant dense<0.0> : tensor<f32>
    %s = stablehlo.reduce(%x init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
    stablehlo.return %s : tensor<4xf32>
  }, {
    stablehlo.return %w : tensor<4xf32>
  }) : (tensor<i1>) -> (tensor<4xf32>)
  return %b : tensor<4xf32>
}
