// want: equal
// batch: 0
// partition: 2x2x2
func.func @main(%x: tensor<8xf32>, %w: tensor<8x4xf32>) -> (tensor<8x5xf32>) {
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%x init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  %y = stablehlo.pad %w, %s, low = [0, 1], high = [0, 0], interior = [0, 0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x5xf32>
  return %y : tensor<8x5xf32>
}
