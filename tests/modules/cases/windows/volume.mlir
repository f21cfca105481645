// halves: 1 2 3
// quarters: 1 2 3
func.func @main(%x: tensor<2x8x4x8x3xf32>, %w: tensor<3x3x3x3x5xf32>) -> (tensor<2x8x4x8x5xf32>) {
  %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, 2, f]x[0, 1, 2, i, o]->[b, 0, 1, 2, f], window = {pad = [[1, 1], [1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x8x4x8x3xf32>, tensor<3x3x3x3x5xf32>) -> tensor<2x8x4x8x5xf32>
  return %y : tensor<2x8x4x8x5xf32>
}
