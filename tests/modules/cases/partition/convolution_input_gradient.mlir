// partition: 2x2x2
func.func @main(%x: tensor<8x4x4x8xf32>, %w: tensor<3x3x4x8xf32>) -> (tensor<8x8x8x4xf32>) {
  %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {pad = [[2, 1], [2, 1]], lhs_dilate = [2, 2], reverse = [true, true]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<8x4x4x8xf32>, tensor<3x3x4x8xf32>) -> tensor<8x8x8x4xf32>
  return %y : tensor<8x8x8x4xf32>
}
