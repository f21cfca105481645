// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %k: tensor<1xi32>) -> (tensor<3x4xf32>) {
  %y = "stablehlo.gather"(%x, %k) {dimension_numbers = #stablehlo.gather<offset_dims = [0, 1], start_index_map = [0], index_vector_dim = 0>, slice_sizes = array<i64: 3, 4>, indices_are_sorted = false} : (tensor<8x4xf32>, tensor<1xi32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}
