// want: equal
// computed: refused
// dear: refused
// batch: 1
// partition: 2x2x2
func.func @main(%w: tensor<3x3xf32>, %b: tensor<8x3xf32>) -> (tensor<3x8xf32>) {
  %t = stablehlo.transpose %b, dims = [1, 0] : (tensor<8x3xf32>) -> tensor<3x8xf32>
  %y = "stablehlo.triangular_solve"(%w, %t) {left_side = true, lower = true, unit_diagonal = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>} : (tensor<3x3xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}
