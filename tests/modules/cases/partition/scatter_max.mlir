// partition: 2x2x2
func.func @main(%x: tensor<8x16xf32>, %k: tensor<4x8xi32>, %u: tensor<4x8x16xf32>) -> (tensor<8x16xf32>) {
  %five = stablehlo.constant dense<5> : tensor<4x8xi32>
  %four = stablehlo.constant dense<4> : tensor<4x8xi32>
  %i5 = stablehlo.multiply %k, %five : tensor<4x8xi32>
  %i = stablehlo.subtract %i5, %four : tensor<4x8xi32>
  %y = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [2], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 2>}> ({
  ^bb0(%p: tensor<f32>, %q: tensor<f32>):
    %s = stablehlo.maximum %p, %q : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }) : (tensor<8x16xf32>, tensor<4x8xi32>, tensor<4x8x16xf32>) -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
