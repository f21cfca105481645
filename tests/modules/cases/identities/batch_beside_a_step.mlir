// batch: 1
func.func @main(%w: tensor<4x4xf32> {tf.aliasing_output = 0 : i32}, %x: tensor<8x4xf32>, %k: tensor<3xf32>) -> (tensor<4x4xf32>, tensor<f32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<3xf32>, tensor<4x4xf32>) {
  %y = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.multiply %y, %y : tensor<8x4xf32>
  %l = stablehlo.reduce(%s init: %z) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  %g = stablehlo.dot_general %x, %y, contracting_dims = [0] x [0] : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  %n = stablehlo.subtract %w, %g : tensor<4x4xf32>
  return %n, %l, %x, %x, %k, %w : tensor<4x4xf32>, tensor<f32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<3xf32>, tensor<4x4xf32>
}
