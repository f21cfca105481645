// halves: 1
// quarters: 1
func.func @main(%x: tensor<2x16x3xf32>, %w: tensor<5x3x5xf32>) -> (tensor<2x16x5xf32>) {
  %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {pad = [[2, 2]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x16x3xf32>, tensor<5x3x5xf32>) -> tensor<2x16x5xf32>
  return %y : tensor<2x16x5xf32>
}
