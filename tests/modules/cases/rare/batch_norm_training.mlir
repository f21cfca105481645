// want: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<4xf32>) {
  %w = stablehlo.constant dense<1.5> : tensor<4xf32>
  %o = stablehlo.constant dense<0.5> : tensor<4xf32>
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %y:3 = "stablehlo.batch_norm_training"(%e, %w, %o) {epsilon = 1.0e-3 : f32, feature_index = 1 : i64} : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>)
  return %y#0, %y#1 : tensor<8x4xf32>, tensor<4xf32>
}
