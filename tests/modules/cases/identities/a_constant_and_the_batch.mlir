// batch: 1
func.func @main(%w: tensor<4xf32>, %x: tensor<8x4xf32>) -> (tensor<f32>, tensor<8x4xf32>) {
  %c = stablehlo.constant dense<3.0> : tensor<f32>
  return %c, %x : tensor<f32>, tensor<8x4xf32>
}
