// batch: 2 3
// loss: 0
func.func @main(%w1: tensor<4x6xf32>, %w2: tensor<6x3xf32>, %x: tensor<8x4xf32>, %t: tensor<8x3xf32>) -> (tensor<f32>, tensor<8x3xf32>) {
  %h0 = stablehlo.dot_general %x, %w1, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %h1 = stablehlo.tanh %h0 : tensor<8x6xf32>
  %y = stablehlo.dot_general %h1, %w2, contracting_dims = [1] x [0] : (tensor<8x6xf32>, tensor<6x3xf32>) -> tensor<8x3xf32>
  %d = stablehlo.subtract %y, %t : tensor<8x3xf32>
  %q = stablehlo.multiply %d, %d : tensor<8x3xf32>
  %loss_sum_init = stablehlo.constant dense<0.0> : tensor<f32>
  %loss_sum = stablehlo.reduce(%q init: %loss_sum_init) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x3xf32>, tensor<f32>) -> tensor<f32>
  %loss_n = stablehlo.constant dense<24.0> : tensor<f32>
  %loss = stablehlo.divide %loss_sum, %loss_n : tensor<f32>
  return %loss, %y : tensor<f32>, tensor<8x3xf32>
}
