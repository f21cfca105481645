// want: folded
func.func @main(%x: tensor<2x8x8x3xf32>, %w: tensor<3x3x3x5xf32>) -> (tensor<2x8x8x5xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %p = stablehlo.pad %x, %z, low = [0, 1,1, 0], high = [0, 1,1, 0], interior = [0, 0,0, 0] : (tensor<2x8x8x3xf32>, tensor<f32>) -> tensor<2x10x10x3xf32>
  %y = stablehlo.convolution(%p, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x10x10x3xf32>, tensor<3x3x3x5xf32>) -> tensor<2x8x8x5xf32>
  return %y : tensor<2x8x8x5xf32>
}
