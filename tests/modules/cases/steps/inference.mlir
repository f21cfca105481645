// batch: 2 3
func.func @main(%w1: tensor<4x6xf32>, %w2: tensor<6x3xf32>, %x: tensor<8x4xf32>, %t: tensor<8x3xf32>) -> (tensor<8x3xf32>) {
  %h0 = stablehlo.dot_general %x, %w1, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %h1 = stablehlo.tanh %h0 : tensor<8x6xf32>
  %y = stablehlo.dot_general %h1, %w2, contracting_dims = [1] x [0] : (tensor<8x6xf32>, tensor<6x3xf32>) -> tensor<8x3xf32>
  %d = stablehlo.subtract %y, %t : tensor<8x3xf32>
  %q = stablehlo.multiply %d, %d : tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}
