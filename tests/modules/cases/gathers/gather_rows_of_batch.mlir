// want: equal
// computed: refused
// batch: 0
// partition: 4
func.func @main(%x: tensor<8x4xf32>, %k: tensor<6x1xi32>) -> (tensor<6x4xf32>) {
  %y = "stablehlo.gather"(%x, %k) {dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>, indices_are_sorted = false} : (tensor<8x4xf32>, tensor<6x1xi32>) -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}
