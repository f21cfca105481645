// want: equal
// batch: 0 1
func.func @main(%x: tensor<8x4xf32>, %k: tensor<8xi32>) -> (tensor<8xf32>) {
  %i = stablehlo.iota dim = 0 : tensor<8x1xi32>
  %j = stablehlo.reshape %k : (tensor<8xi32>) -> tensor<8x1xi32>
  %q = stablehlo.concatenate %i, %j, dim = 1 : (tensor<8x1xi32>, tensor<8x1xi32>) -> tensor<8x2xi32>
  %y = "stablehlo.gather"(%x, %q) {dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1>, slice_sizes = array<i64: 1, 1>, indices_are_sorted = false} : (tensor<8x4xf32>, tensor<8x2xi32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
