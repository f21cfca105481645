// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %k: tensor<3x1xi32>) -> (tensor<3xf32>) {
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%x init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
  %t = stablehlo.tanh %s : tensor<4xf32>
  %y = "stablehlo.gather"(%t, %k) {dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>, indices_are_sorted = false} : (tensor<4xf32>, tensor<3x1xi32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}
