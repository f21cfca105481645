// batch: 2 3
// loss: 2
// state: 0:0 1:1
func.func @main(%w1: tensor<4x6xf32>, %w2: tensor<6x3xf32>, %x: tensor<8x4xf32>, %t: tensor<8x3xf32>) -> (tensor<4x6xf32>, tensor<6x3xf32>, tensor<f32>) {
  %h0 = stablehlo.dot_general %x, %w1, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %h1 = stablehlo.tanh %h0 : tensor<8x6xf32>
  %y = stablehlo.dot_general %h1, %w2, contracting_dims = [1] x [0] : (tensor<8x6xf32>, tensor<6x3xf32>) -> tensor<8x3xf32>
  %d = stablehlo.subtract %y, %t : tensor<8x3xf32>
  %q = stablehlo.multiply %d, %d : tensor<8x3xf32>
  %loss_sum_init = stablehlo.constant dense<0.0> : tensor<f32>
  %loss_sum = stablehlo.reduce(%q init: %loss_sum_init) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x3xf32>, tensor<f32>) -> tensor<f32>
  %loss_n = stablehlo.constant dense<24.0> : tensor<f32>
  %loss = stablehlo.divide %loss_sum, %loss_n : tensor<f32>
  %sc = stablehlo.constant dense<0.0833333333> : tensor<f32>
  %gs = stablehlo.broadcast_in_dim %sc, dims = [] : (tensor<f32>) -> tensor<8x3xf32>
  %g = stablehlo.multiply %d, %gs : tensor<8x3xf32>
  %dw2 = stablehlo.dot_general %h1, %g, contracting_dims = [0] x [0] : (tensor<8x6xf32>, tensor<8x3xf32>) -> tensor<6x3xf32>
  %dh = stablehlo.dot_general %g, %w2, contracting_dims = [1] x [1] : (tensor<8x3xf32>, tensor<6x3xf32>) -> tensor<8x6xf32>
  %one = stablehlo.constant dense<1.0> : tensor<8x6xf32>
  %hh = stablehlo.multiply %h1, %h1 : tensor<8x6xf32>
  %hm = stablehlo.subtract %one, %hh : tensor<8x6xf32>
  %dz = stablehlo.multiply %dh, %hm : tensor<8x6xf32>
  %dw1 = stablehlo.dot_general %x, %dz, contracting_dims = [0] x [0] : (tensor<8x4xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
  %n1_r = stablehlo.constant dense<0.1> : tensor<4x6xf32>
  %n1_s = stablehlo.multiply %n1_r, %dw1 : tensor<4x6xf32>
  %n1 = stablehlo.subtract %w1, %n1_s : tensor<4x6xf32>
  %n2_r = stablehlo.constant dense<0.1> : tensor<6x3xf32>
  %n2_s = stablehlo.multiply %n2_r, %dw2 : tensor<6x3xf32>
  %n2 = stablehlo.subtract %w2, %n2_s : tensor<6x3xf32>
  return %n1, %n2, %loss : tensor<4x6xf32>, tensor<6x3xf32>, tensor<f32>
}
