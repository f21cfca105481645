// batch: 5 6
// loss: 5
// state: 0:0 1:1 2:2 3:3 4:4
func.func @main(%w1: tensor<4x6xf32>, %w2: tensor<6x3xf32>, %a1: tensor<4x6xf32>, %a2: tensor<6x3xf32>, %count: tensor<i32>, %x: tensor<8x4xf32>, %t: tensor<8x3xf32>) -> (tensor<4x6xf32>, tensor<6x3xf32>, tensor<4x6xf32>, tensor<6x3xf32>, tensor<i32>, tensor<f32>) {
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
  %count1 = stablehlo.constant dense<1> : tensor<i32>
  %next0 = stablehlo.add %count, %count1 : tensor<i32>
  %four = stablehlo.constant dense<4> : tensor<i32>
  %next = stablehlo.remainder %next0, %four : tensor<i32>
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %now = stablehlo.compare EQ, %next, %zero : (tensor<i32>, tensor<i32>) -> tensor<i1>
  %s1 = stablehlo.add %a1, %dw1 : tensor<4x6xf32>
  %z1 = stablehlo.constant dense<0.0> : tensor<4x6xf32>
  %u1_r = stablehlo.constant dense<0.1> : tensor<4x6xf32>
  %u1_s = stablehlo.multiply %u1_r, %s1 : tensor<4x6xf32>
  %u1 = stablehlo.subtract %w1, %u1_s : tensor<4x6xf32>
  %n1 = stablehlo.select %now, %u1, %w1 : tensor<i1>, tensor<4x6xf32>
  %b1 = stablehlo.select %now, %z1, %s1 : tensor<i1>, tensor<4x6xf32>
  %s2 = stablehlo.add %a2, %dw2 : tensor<6x3xf32>
  %z2 = stablehlo.constant dense<0.0> : tensor<6x3xf32>
  %u2_r = stablehlo.constant dense<0.1> : tensor<6x3xf32>
  %u2_s = stablehlo.multiply %u2_r, %s2 : tensor<6x3xf32>
  %u2 = stablehlo.subtract %w2, %u2_s : tensor<6x3xf32>
  %n2 = stablehlo.select %now, %u2, %w2 : tensor<i1>, tensor<6x3xf32>
  %b2 = stablehlo.select %now, %z2, %s2 : tensor<i1>, tensor<6x3xf32>
  return %n1, %n2, %b1, %b2, %next, %loss : tensor<4x6xf32>, tensor<6x3xf32>, tensor<4x6xf32>, tensor<6x3xf32>, tensor<i32>, tensor<f32>
}
