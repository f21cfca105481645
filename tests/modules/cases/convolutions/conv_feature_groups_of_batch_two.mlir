// want: equal
// computed: refused
// batch: 0
// partition: 2
func.func @main(%x: tensor<8x6x4xf32>, %w: tensor<3x4x8xf32>) -> (tensor<4x4x8xf32>) {
  %y = stablehlo.convolution(%x, %w) dim_numbers = [f, 0, b]x[0, i, o]->[b, 0, f], window = {stride = [1]} {feature_group_count = 2 : i64, batch_group_count = 1 : i64} : (tensor<8x6x4xf32>, tensor<3x4x8xf32>) -> tensor<4x4x8xf32>
  return %y : tensor<4x4x8xf32>
}
