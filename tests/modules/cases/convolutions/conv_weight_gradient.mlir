// want: equal
// batch: 0 1
// partition: 2x2x2
func.func @main(%x: tensor<8x6x4xf32>, %z: tensor<8x4x5xf32>) -> (tensor<4x3x5xf32>) {
  %y = stablehlo.convolution(%x, %z) dim_numbers = [f, 0, b]x[i, 0, o]->[b, 0, f], window = {stride = [1]} {feature_group_count = 1 : i64, batch_group_count = 1 : i64} : (tensor<8x6x4xf32>, tensor<8x4x5xf32>) -> tensor<4x3x5xf32>
  return %y : tensor<4x3x5xf32>
}
