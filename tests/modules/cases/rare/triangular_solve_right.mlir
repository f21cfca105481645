// want: equal
// computed: refused
// batch: 1
func.func @main(%w: tensor<3x3xf32>, %b: tensor<8x3xf32>) -> (tensor<8x3xf32>) {
  %y = "stablehlo.triangular_solve"(%w, %b) {left_side = false, lower = true, unit_diagonal = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>} : (tensor<3x3xf32>, tensor<8x3xf32>) -> tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}
