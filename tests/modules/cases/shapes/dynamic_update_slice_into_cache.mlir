// want: equal
// computed: refused
// batch: 1
// partition: 4
func.func @main(%w: tensor<16x4xf32>, %u: tensor<8x4xf32>, %i: tensor<i32>) -> (tensor<16x4xf32>) {
  %z = stablehlo.constant dense<0> : tensor<i32>
  %y = stablehlo.dynamic_update_slice %w, %u, %i, %z : (tensor<16x4xf32>, tensor<8x4xf32>, tensor<i32>, tensor<i32>) -> tensor<16x4xf32>
  return %y : tensor<16x4xf32>
}
