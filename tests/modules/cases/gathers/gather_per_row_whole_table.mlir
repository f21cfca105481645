// want: equal
// batch: 1
// partition: 2x2x2
func.func @main(%w: tensor<8x4xf32>, %k: tensor<8x3x1xi32>) -> (tensor<8x3xf32>) {
  %y = "stablehlo.gather"(%w, %k) {dimension_numbers = #stablehlo.gather<offset_dims = [], collapsed_slice_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], start_index_map = [1], index_vector_dim = 2>, slice_sizes = array<i64: 1, 1>, indices_are_sorted = false} : (tensor<8x4xf32>, tensor<8x3x1xi32>) -> tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}
