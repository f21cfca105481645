// want: equal
// batch: 1
// partition: 1x4
func.func @main(%w: tensor<5x4x3x2x3x2x3x2xf32>, %k: tensor<8xi32>) -> (tensor<f32>) {
  %y = "stablehlo.gather"(%w, %k) {dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0,1,2,3,4,5,6,7], start_index_map = [0,1,2,3,4,5,6,7], index_vector_dim = 0>, slice_sizes = array<i64: 1, 1, 1, 1, 1, 1, 1, 1>, indices_are_sorted = false} : (tensor<5x4x3x2x3x2x3x2xf32>, tensor<8xi32>) -> tensor<f32>
  return %y : tensor<f32>
}
