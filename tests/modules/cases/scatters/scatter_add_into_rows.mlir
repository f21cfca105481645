// want: equal
// computed: refused
// batch: 0
// partition: 2x2
func.func @main(%w: tensor<8x4xf32>, %k: tensor<6x1xi32>, %x: tensor<6x4xf32>) -> (tensor<8x4xf32>) {
  %y = "stablehlo.scatter"(%w, %k, %x) ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %t = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %t : tensor<f32>
  }) {scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false} : (tensor<8x4xf32>, tensor<6x1xi32>, tensor<6x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
