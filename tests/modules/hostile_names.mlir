module @"m\1B[31m" {
  func.func public @main(%w: tensor<4xf32> {tf.aliasing_output = 0 : i32} loc("par\1B[2J\E2\80\AEam\0As"), %x: tensor<8x4xf32> loc("x\C2\9B2J")) -> (tensor<4xf32> {jax.result_info = "[\1B]0;t\07]"}, tensor<f32> {jax.result_info = "lo\1B[31mss"}) {
    %z = stablehlo.constant dense<0.0> : tensor<f32>
    %ww = stablehlo.broadcast_in_dim %w, dims = [1] : (tensor<4xf32>) -> tensor<8x4xf32>
    %p = stablehlo.multiply %x, %ww : tensor<8x4xf32> loc("mul\1B[31m"("fi\1B[31mle.py":3:4))
    %loss = stablehlo.reduce(%p init: %z) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
    %g = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
    %new = stablehlo.subtract %w, %g : tensor<4xf32>
    return %new, %loss : tensor<4xf32>, tensor<f32>
  }
}
