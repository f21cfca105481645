// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x2x4xf32>, %w: tensor<1x4x5xf32>) -> (tensor<4x2x5xf32>) {
  %y = stablehlo.convolution(%x, %w) dim_numbers = [0, b, f]x[0, i, o]->[0, b, f], window = {stride = [2]} {feature_group_count = 1 : i64, batch_group_count = 1 : i64} : (tensor<8x2x4xf32>, tensor<1x4x5xf32>) -> tensor<4x2x5xf32>
  return %y : tensor<4x2x5xf32>
}
