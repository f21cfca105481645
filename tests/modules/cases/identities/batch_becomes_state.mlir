// batch: 1
func.func @main(%w: tensor<8x4xf32> {tf.aliasing_output = 0 : i32}, %x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<f32>) {
  %d = stablehlo.subtract %x, %w : tensor<8x4xf32>
  %s = stablehlo.multiply %d, %d : tensor<8x4xf32>
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %l = stablehlo.reduce(%s init: %z) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  return %x, %l : tensor<8x4xf32>, tensor<f32>
}
