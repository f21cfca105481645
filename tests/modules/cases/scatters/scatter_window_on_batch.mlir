// want: equal
// computed: refused
// batch: 0
func.func @main(%w: tensor<8x4xf32>, %k: tensor<1xi32>, %x: tensor<3x4xf32>) -> (tensor<8x4xf32>) {
  %y = "stablehlo.scatter"(%w, %k, %x) ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    stablehlo.return %b : tensor<f32>
  }) {scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [0, 1], scatter_dims_to_operand_dims = [0], index_vector_dim = 0>, unique_indices = false} : (tensor<8x4xf32>, tensor<1xi32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
