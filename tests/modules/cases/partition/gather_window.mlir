// partition: 2x4
func.func @main(%x: tensor<8x16xf32>, %k: tensor<8x1xi32>) -> (tensor<8x3x16xf32>) {
  %five = stablehlo.constant dense<5> : tensor<8x1xi32>
  %four = stablehlo.constant dense<4> : tensor<8x1xi32>
  %i5 = stablehlo.multiply %k, %five : tensor<8x1xi32>
  %i = stablehlo.subtract %i5, %four : tensor<8x1xi32>
  %y = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1, 2], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 3, 16>, indices_are_sorted = false}> : (tensor<8x16xf32>, tensor<8x1xi32>) -> tensor<8x3x16xf32>
  return %y : tensor<8x3x16xf32>
}
