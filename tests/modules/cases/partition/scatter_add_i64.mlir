// partition: 2x2
func.func @main(%x: tensor<8x16xf32>, %k: tensor<4x8xi64>, %u: tensor<4x8x16xf32>) -> (tensor<8x16xf32>) {
  %five = stablehlo.constant dense<5> : tensor<4x8xi64>
  %four = stablehlo.constant dense<4> : tensor<4x8xi64>
  %i5 = stablehlo.multiply %k, %five : tensor<4x8xi64>
  %i = stablehlo.subtract %i5, %four : tensor<4x8xi64>
  %y = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [2], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 2>}> ({
  ^bb0(%p: tensor<f32>, %q: tensor<f32>):
    %s = stablehlo.add %p, %q : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }) : (tensor<8x16xf32>, tensor<4x8xi64>, tensor<4x8x16xf32>) -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
