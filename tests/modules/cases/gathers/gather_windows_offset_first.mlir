// want: equal
// batch: 1
func.func @main(%w: tensor<5x4xf32>, %k: tensor<8x2xi32>) -> (tensor<2x3x8xf32>) {
  %y = "stablehlo.gather"(%w, %k) {dimension_numbers = #stablehlo.gather<offset_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1>, slice_sizes = array<i64: 2, 3>, indices_are_sorted = false} : (tensor<5x4xf32>, tensor<8x2xi32>) -> tensor<2x3x8xf32>
  return %y : tensor<2x3x8xf32>
}
