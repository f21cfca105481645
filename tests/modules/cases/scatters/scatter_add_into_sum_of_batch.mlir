// want: equal
// computed: refused
// dear: refused
// batch: 0 1 2
func.func @main(%z: tensor<8x5x4xf32>, %k: tensor<8x1xi32>, %x: tensor<8x4xf32>) -> (tensor<5x4xf32>) {
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%z init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8x5x4xf32>, tensor<f32>) -> tensor<5x4xf32>
  %y = "stablehlo.scatter"(%s, %k, %x) ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %t = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %t : tensor<f32>
  }) {scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false} : (tensor<5x4xf32>, tensor<8x1xi32>, tensor<8x4xf32>) -> tensor<5x4xf32>
  return %y : tensor<5x4xf32>
}
