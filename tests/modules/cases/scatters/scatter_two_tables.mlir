// want: equal
// computed: refused
// batch: 2 3 4
func.func @main(%w: tensor<5xf32>, %v: tensor<5xf32>, %k: tensor<8x1xi32>, %x: tensor<8xf32>, %z: tensor<8xf32>) -> (tensor<5xf32>) {
  %y:2 = "stablehlo.scatter"(%w, %v, %k, %x, %z) ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>, %d: tensor<f32>):
    %t = stablehlo.add %a, %c : tensor<f32>
    %u = stablehlo.add %b, %d : tensor<f32>
    stablehlo.return %t, %u : tensor<f32>, tensor<f32>
  }) {scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>} : (tensor<5xf32>, tensor<5xf32>, tensor<8x1xi32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<5xf32>, tensor<5xf32>)
  %r = stablehlo.add %y#0, %y#1 : tensor<5xf32>
  return %r : tensor<5xf32>
}
