// want: equal
// batch: 0
func.func @main(%x: tensor<8x2x6x4xf32>, %w: tensor<3x4x5xf32>) -> (tensor<16x4x5xf32>) {
  %e = stablehlo.reshape %x : (tensor<8x2x6x4xf32>) -> tensor<16x6x4xf32>
  %y = stablehlo.convolution(%e, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {stride = [1]} {feature_group_count = 1 : i64, batch_group_count = 1 : i64} : (tensor<16x6x4xf32>, tensor<3x4x5xf32>) -> tensor<16x4x5xf32>
  return %y : tensor<16x4x5xf32>
}
