// want: equal
// batch: 1
func.func @main(%w: tensor<2x8x4xf32>, %x: tensor<8x4x5xf32>) -> (tensor<2x1x5xf32>) {
  %y = stablehlo.convolution(%w, %x) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {stride = [1]} {feature_group_count = 1 : i64, batch_group_count = 1 : i64} : (tensor<2x8x4xf32>, tensor<8x4x5xf32>) -> tensor<2x1x5xf32>
  return %y : tensor<2x1x5xf32>
}
