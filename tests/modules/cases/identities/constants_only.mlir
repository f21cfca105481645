// batch: 1
func.func @main(%w: tensor<4xf32>, %x: tensor<8x4xf32>) -> (tensor<f32>, tensor<8xi32>) {
  %c = stablehlo.constant dense<3.0> : tensor<f32>
  %i = stablehlo.iota dim = 0 : tensor<8xi32>
  return %c, %i : tensor<f32>, tensor<8xi32>
}
