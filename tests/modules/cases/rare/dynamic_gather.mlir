// batch: 1
// partition: no
func.func @main(%w: tensor<5x4xf32>, %k: tensor<8x1xi32>) -> (tensor<8x4xf32>) {
  %s = stablehlo.constant dense<[1, 4]> : tensor<2xi32>
  %y = "stablehlo.dynamic_gather"(%w, %k, %s) {dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>} : (tensor<5x4xf32>, tensor<8x1xi32>, tensor<2xi32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
