// batch: 0
// partition: 1x4
func.func @main(%x: tensor<8x4xf32>, %m: tensor<8xf32>) -> (tensor<8x4xf32>) {
  %w = stablehlo.constant dense<1.5> : tensor<8xf32>
  %o = stablehlo.constant dense<0.5> : tensor<8xf32>
  %y = "stablehlo.batch_norm_inference"(%x, %w, %o, %m, %w) {epsilon = 1.0e-3 : f32, feature_index = 0 : i64} : (tensor<8x4xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
