// partition: 2
func.func @main(%x: tensor<8x16xf32>, %w: tensor<16x8xf32>, %b: tensor<8x8xf32>) -> (tensor<4x8xf32>) {
  %d = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
  %n = stablehlo.negate %d : tensor<8x8xf32>
  %t = stablehlo.transpose %n, dims = [1, 0] : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %m = stablehlo.multiply %t, %b : tensor<8x8xf32>
  %s = stablehlo.subtract %m, %d : tensor<8x8xf32>
  %r = stablehlo.reshape %s : (tensor<8x8xf32>) -> tensor<4x2x8xf32>
  %c = stablehlo.convert %r : (tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %y = stablehlo.reduce(%c init: %z) applies stablehlo.add across dimensions = [1] : (tensor<4x2x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
