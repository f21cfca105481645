// partition: 4
func.func @main(%x: tensor<8x16xf32>, %k: tensor<4x8xi32>) -> (tensor<4x8x16xf32>) {
  %five = stablehlo.constant dense<5> : tensor<4x8xi32>
  %four = stablehlo.constant dense<4> : tensor<4x8xi32>
  %i5 = stablehlo.multiply %k, %five : tensor<4x8xi32>
  %i = stablehlo.subtract %i5, %four : tensor<4x8xi32>
  %y = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2>, slice_sizes = array<i64: 1, 16>, indices_are_sorted = false}> : (tensor<8x16xf32>, tensor<4x8xi32>) -> tensor<4x8x16xf32>
  return %y : tensor<4x8x16xf32>
}
