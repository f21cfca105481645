// Weights in f32 that compute in f16: the cast is made once a step, the rows before tanh are kept for each microbatch.
module @cast_weight {
  func.func @main(%w: tensor<64x64xf32> {tf.aliasing_output = 0 : i32}, %x: tensor<8x64xf16>) -> (tensor<64x64xf32>, tensor<f32>) {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %half = stablehlo.convert %w : (tensor<64x64xf32>) -> tensor<64x64xf16>
    %h = stablehlo.dot_general %x, %half, contracting_dims = [1] x [0] : (tensor<8x64xf16>, tensor<64x64xf16>) -> tensor<8x64xf16>
    %y = stablehlo.tanh %h : tensor<8x64xf16>
    %z = stablehlo.dot_general %y, %half, contracting_dims = [1] x [0] : (tensor<8x64xf16>, tensor<64x64xf16>) -> tensor<8x64xf16>
    %wide = stablehlo.convert %z : (tensor<8x64xf16>) -> tensor<8x64xf32>
    %loss = stablehlo.reduce(%wide init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x64xf32>, tensor<f32>) -> tensor<f32>
    %dw = stablehlo.dot_general %x, %y, contracting_dims = [0] x [0] : (tensor<8x64xf16>, tensor<8x64xf16>) -> tensor<64x64xf16>
    %wide_dw = stablehlo.convert %dw : (tensor<64x64xf16>) -> tensor<64x64xf32>
    %new = stablehlo.subtract %w, %wide_dw : tensor<64x64xf32>
    return %new, %loss : tensor<64x64xf32>, tensor<f32>
  }
}
