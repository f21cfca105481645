// partition: 2
func.func @main(%x: tensor<8x16xf32>, %k: tensor<8x1xi32>, %u: tensor<8x3x16xf32>) -> (tensor<8x16xf32>) {
  %five = stablehlo.constant dense<5> : tensor<8x1xi32>
  %four = stablehlo.constant dense<4> : tensor<8x1xi32>
  %i5 = stablehlo.multiply %k, %five : tensor<8x1xi32>
  %i = stablehlo.subtract %i5, %four : tensor<8x1xi32>
  %y = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1, 2], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%p: tensor<f32>, %q: tensor<f32>):
    %s = stablehlo.add %p, %q : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }) : (tensor<8x16xf32>, tensor<8x1xi32>, tensor<8x3x16xf32>) -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
