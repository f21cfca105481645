// want: equal
// batch: 0 1
func.func @main(%x: tensor<8x3x3xf32>, %b: tensor<8x3x2xf32>) -> (tensor<8x3x2xf32>) {
  %q = stablehlo.dot_general %x, %x, batching_dims = [0] x [0], contracting_dims = [2] x [2] : (tensor<8x3x3xf32>, tensor<8x3x3xf32>) -> tensor<8x3x3xf32>
  %i = stablehlo.constant dense<[[1.0,0.0,0.0],[0.0,1.0,0.0],[0.0,0.0,1.0]]> : tensor<3x3xf32>
  %j = stablehlo.broadcast_in_dim %i, dims = [1, 2] : (tensor<3x3xf32>) -> tensor<8x3x3xf32>
  %a = stablehlo.add %q, %j : tensor<8x3x3xf32>
  %l = stablehlo.cholesky %a, lower = true : tensor<8x3x3xf32>
  %y = "stablehlo.triangular_solve"(%l, %b) {left_side = true, lower = true, unit_diagonal = false, transpose_a = #stablehlo<transpose NO_TRANSPOSE>} : (tensor<8x3x3xf32>, tensor<8x3x2xf32>) -> tensor<8x3x2xf32>
  return %y : tensor<8x3x2xf32>
}
