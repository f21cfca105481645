// want: equal
// batch: 0
func.func @main(%k: tensor<8xi32>, %w: tensor<16x4xf32>) -> (tensor<2x4xf32>) {
  %s_init = stablehlo.constant dense<0> : tensor<i32>
  %s = stablehlo.reduce(%k init: %s_init) applies stablehlo.maximum across dimensions = [0] : (tensor<8xi32>, tensor<i32>) -> tensor<i32>
  %z = stablehlo.constant dense<0> : tensor<i32>
  %y = stablehlo.dynamic_slice %w, %s, %z, sizes = [2, 4] : (tensor<16x4xf32>, tensor<i32>, tensor<i32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
