// partition: 1x4
func.func @main(%x: tensor<8x8x4xf32>, %w: tensor<3x4x8xf32>) -> (tensor<8x8x8xf32>) {
  %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {pad = [[2, 2]], rhs_dilate = [2]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<8x8x4xf32>, tensor<3x4x8xf32>) -> tensor<8x8x8xf32>
  return %y : tensor<8x8x8xf32>
}
