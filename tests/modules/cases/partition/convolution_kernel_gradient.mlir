// partition: 2x2
func.func @main(%x: tensor<8x8x8x4xf32>, %w: tensor<8x8x8x8xf32>) -> (tensor<3x3x4x8xf32>) {
  %y = stablehlo.convolution(%x, %w) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<8x8x8x4xf32>, tensor<8x8x8x8xf32>) -> tensor<3x3x4x8xf32>
  return %y : tensor<3x3x4x8xf32>
}
