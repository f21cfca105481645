// want: equal
// batch: 0 1
func.func @main(%x: tensor<8x4xf32>, %k: tensor<8x1xi32>) -> (tensor<8x8xf32>) {
  %y = "stablehlo.gather"(%x, %k) {dimension_numbers = #stablehlo.gather<offset_dims = [0], collapsed_slice_dims = [1], start_index_map = [1], index_vector_dim = 1>, slice_sizes = array<i64: 8, 1>, indices_are_sorted = false} : (tensor<8x4xf32>, tensor<8x1xi32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
