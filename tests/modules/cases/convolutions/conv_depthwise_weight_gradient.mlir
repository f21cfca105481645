// want: equal
// batch: 0 1
func.func @main(%x: tensor<8x6x4xf32>, %z: tensor<8x4x4xf32>) -> (tensor<1x3x4xf32>) {
  %y = stablehlo.convolution(%x, %z) dim_numbers = [f, 0, b]x[i, 0, o]->[b, 0, f], window = {stride = [1]} {feature_group_count = 1 : i64, batch_group_count = 4 : i64} : (tensor<8x6x4xf32>, tensor<8x4x4xf32>) -> tensor<1x3x4xf32>
  return %y : tensor<1x3x4xf32>
}
