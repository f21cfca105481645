// batch: 7 8
// loss: 7
// state: 0:0 1:1 2:2 3:3 4:4 5:5 6:6
func.func @main(%w1: tensor<4x6xf32>, %w2: tensor<6x3xf32>, %m1: tensor<4x6xf32>, %v1: tensor<4x6xf32>, %m2: tensor<6x3xf32>, %v2: tensor<6x3xf32>, %count: tensor<i32>, %x: tensor<8x4xf32>, %t: tensor<8x3xf32>) -> (tensor<4x6xf32>, tensor<6x3xf32>, tensor<4x6xf32>, tensor<4x6xf32>, tensor<6x3xf32>, tensor<6x3xf32>, tensor<i32>, tensor<f32>) {
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
  %next = stablehlo.add %count, %count1 : tensor<i32>
  %step1 = stablehlo.convert %next : (tensor<i32>) -> tensor<f32>
  %decay = stablehlo.constant dense<0.9> : tensor<f32>
  %pow = stablehlo.power %decay, %step1 : tensor<f32>
  %f1 = stablehlo.constant dense<1.0> : tensor<f32>
  %correct = stablehlo.subtract %f1, %pow : tensor<f32>
  %n1a = stablehlo.constant dense<0.9> : tensor<4x6xf32>
  %n1b = stablehlo.constant dense<0.1> : tensor<4x6xf32>
  %n1c = stablehlo.constant dense<0.01> : tensor<4x6xf32>
  %n1e = stablehlo.constant dense<1.0e-2> : tensor<4x6xf32>
  %n1m0 = stablehlo.multiply %m1, %n1a : tensor<4x6xf32>
  %n1m1 = stablehlo.multiply %dw1, %n1b : tensor<4x6xf32>
  %n1m = stablehlo.add %n1m0, %n1m1 : tensor<4x6xf32>
  %n1v0 = stablehlo.multiply %v1, %n1a : tensor<4x6xf32>
  %n1g2 = stablehlo.multiply %dw1, %dw1 : tensor<4x6xf32>
  %n1v1 = stablehlo.multiply %n1g2, %n1b : tensor<4x6xf32>
  %n1v2 = stablehlo.add %n1v0, %n1v1 : tensor<4x6xf32>
  %n1v = stablehlo.abs %n1v2 : tensor<4x6xf32>
  %n1k = stablehlo.broadcast_in_dim %correct, dims = [] : (tensor<f32>) -> tensor<4x6xf32>
  %n1mh = stablehlo.divide %n1m, %n1k : tensor<4x6xf32>
  %n1s = stablehlo.sqrt %n1v : tensor<4x6xf32>
  %n1se = stablehlo.add %n1s, %n1e : tensor<4x6xf32>
  %n1u = stablehlo.divide %n1mh, %n1se : tensor<4x6xf32>
  %n1ul = stablehlo.multiply %n1u, %n1c : tensor<4x6xf32>
  %n1 = stablehlo.subtract %w1, %n1ul : tensor<4x6xf32>
  %n2a = stablehlo.constant dense<0.9> : tensor<6x3xf32>
  %n2b = stablehlo.constant dense<0.1> : tensor<6x3xf32>
  %n2c = stablehlo.constant dense<0.01> : tensor<6x3xf32>
  %n2e = stablehlo.constant dense<1.0e-2> : tensor<6x3xf32>
  %n2m0 = stablehlo.multiply %m2, %n2a : tensor<6x3xf32>
  %n2m1 = stablehlo.multiply %dw2, %n2b : tensor<6x3xf32>
  %n2m = stablehlo.add %n2m0, %n2m1 : tensor<6x3xf32>
  %n2v0 = stablehlo.multiply %v2, %n2a : tensor<6x3xf32>
  %n2g2 = stablehlo.multiply %dw2, %dw2 : tensor<6x3xf32>
  %n2v1 = stablehlo.multiply %n2g2, %n2b : tensor<6x3xf32>
  %n2v2 = stablehlo.add %n2v0, %n2v1 : tensor<6x3xf32>
  %n2v = stablehlo.abs %n2v2 : tensor<6x3xf32>
  %n2k = stablehlo.broadcast_in_dim %correct, dims = [] : (tensor<f32>) -> tensor<6x3xf32>
  %n2mh = stablehlo.divide %n2m, %n2k : tensor<6x3xf32>
  %n2s = stablehlo.sqrt %n2v : tensor<6x3xf32>
  %n2se = stablehlo.add %n2s, %n2e : tensor<6x3xf32>
  %n2u = stablehlo.divide %n2mh, %n2se : tensor<6x3xf32>
  %n2ul = stablehlo.multiply %n2u, %n2c : tensor<6x3xf32>
  %n2 = stablehlo.subtract %w2, %n2ul : tensor<6x3xf32>
  return %n1, %n2, %n1m, %n1v, %n2m, %n2v, %next, %loss : tensor<4x6xf32>, tensor<6x3xf32>, tensor<4x6xf32>, tensor<4x6xf32>, tensor<6x3xf32>, tensor<6x3xf32>, tensor<i32>, tensor<f32>
}
