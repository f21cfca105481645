// halves: 1 2
// quarters: 1 2
func.func @main(%x: tensor<2x8x16x3xf32>, %w: tensor<8x16x3x5xf32>) -> (tensor<2x1x1x5xf32>) {
  %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x8x16x3xf32>, tensor<8x16x3x5xf32>) -> tensor<2x1x1x5xf32>
  return %y : tensor<2x1x1x5xf32>
}
