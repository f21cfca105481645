// Three layers, the last two with one weight: a step of gradient descent with a count of steps. All sizes are divided by 2, 3, 4 and 6.
module @tied_layers {
  func.func public @main(%w0: tensor<12x24xf32> {tf.aliasing_output = 0 : i32}, %w1: tensor<24x24xf32> {tf.aliasing_output = 1 : i32},
      %count: tensor<i32> {tf.aliasing_output = 2 : i32}, %x: tensor<24x12xf32>, %t: tensor<24x24xf32>) -> (tensor<12x24xf32>, tensor<24x24xf32>, tensor<i32>, tensor<f32>) {
    %a1 = stablehlo.dot_general %x, %w0, contracting_dims = [1] x [0] : (tensor<24x12xf32>, tensor<12x24xf32>) -> tensor<24x24xf32>
    %h1 = stablehlo.tanh %a1 : tensor<24x24xf32>
    %a2 = stablehlo.dot_general %h1, %w1, contracting_dims = [1] x [0] : (tensor<24x24xf32>, tensor<24x24xf32>) -> tensor<24x24xf32>
    %h2 = stablehlo.tanh %a2 : tensor<24x24xf32>
    %a3 = stablehlo.dot_general %h2, %w1, contracting_dims = [1] x [0] : (tensor<24x24xf32>, tensor<24x24xf32>) -> tensor<24x24xf32>
    %h3 = stablehlo.tanh %a3 : tensor<24x24xf32>
    %scale = stablehlo.constant dense<0.041666666666666664> : tensor<24x24xf32>
    %one = stablehlo.constant dense<1.0> : tensor<24x24xf32>
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %d = stablehlo.subtract %h3, %t : tensor<24x24xf32>
    %dd = stablehlo.multiply %d, %d : tensor<24x24xf32>
    %part = stablehlo.multiply %dd, %scale : tensor<24x24xf32>
    %loss = stablehlo.reduce(%part init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<24x24xf32>, tensor<f32>) -> tensor<f32>
    %d2 = stablehlo.add %d, %d : tensor<24x24xf32>
    %g = stablehlo.multiply %d2, %scale : tensor<24x24xf32>
    %q3 = stablehlo.multiply %h3, %h3 : tensor<24x24xf32>
    %r3 = stablehlo.subtract %one, %q3 : tensor<24x24xf32>
    %g3 = stablehlo.multiply %g, %r3 : tensor<24x24xf32>
    %gw3 = stablehlo.dot_general %h2, %g3, contracting_dims = [0] x [0] : (tensor<24x24xf32>, tensor<24x24xf32>) -> tensor<24x24xf32>
    %b3 = stablehlo.dot_general %g3, %w1, contracting_dims = [1] x [1] : (tensor<24x24xf32>, tensor<24x24xf32>) -> tensor<24x24xf32>
    %q2 = stablehlo.multiply %h2, %h2 : tensor<24x24xf32>
    %r2 = stablehlo.subtract %one, %q2 : tensor<24x24xf32>
    %g2 = stablehlo.multiply %b3, %r2 : tensor<24x24xf32>
    %gw2 = stablehlo.dot_general %h1, %g2, contracting_dims = [0] x [0] : (tensor<24x24xf32>, tensor<24x24xf32>) -> tensor<24x24xf32>
    %b2 = stablehlo.dot_general %g2, %w1, contracting_dims = [1] x [1] : (tensor<24x24xf32>, tensor<24x24xf32>) -> tensor<24x24xf32>
    %q1 = stablehlo.multiply %h1, %h1 : tensor<24x24xf32>
    %r1 = stablehlo.subtract %one, %q1 : tensor<24x24xf32>
    %g1 = stablehlo.multiply %b2, %r1 : tensor<24x24xf32>
    %gw1 = stablehlo.dot_general %x, %g1, contracting_dims = [0] x [0] : (tensor<24x12xf32>, tensor<24x24xf32>) -> tensor<12x24xf32>
    %r0 = stablehlo.constant dense<0.1> : tensor<12x24xf32>
    %rr = stablehlo.constant dense<0.1> : tensor<24x24xf32>
    %u0 = stablehlo.multiply %gw1, %r0 : tensor<12x24xf32>
    %new0 = stablehlo.subtract %w0, %u0 : tensor<12x24xf32>
    %both = stablehlo.add %gw3, %gw2 : tensor<24x24xf32>
    %u1 = stablehlo.multiply %both, %rr : tensor<24x24xf32>
    %new1 = stablehlo.subtract %w1, %u1 : tensor<24x24xf32>
    %i = stablehlo.constant dense<1> : tensor<i32>
    %next = stablehlo.add %count, %i : tensor<i32>
    return %new0, %new1, %next, %loss : tensor<12x24xf32>, tensor<24x24xf32>, tensor<i32>, tensor<f32>
  }
}
