// want: refused
// batch: 1
func.func @main(%w: tensor<8x8xf32>, %b: tensor<8x3xf32>) -> (tensor<8x3xf32>) {
  %e = stablehlo.tanh %b : tensor<8x3xf32>
  %y = "stablehlo.triangular_solve"(%w, %e) {left_side = true, lower = true, unit_diagonal = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>} : (tensor<8x8xf32>, tensor<8x3xf32>) -> tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}
