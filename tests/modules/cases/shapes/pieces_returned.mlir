// want: equal
// batch: 0 1
func.func @main(%a: tensor<8x3xf32>, %b: tensor<8x3xf32>, %w: tensor<3x3xf32>) -> tensor<16x3xf32> {
  %both = stablehlo.concatenate %a, %b, dim = 0 : (tensor<8x3xf32>, tensor<8x3xf32>) -> tensor<16x3xf32>
  %h = stablehlo.dot_general %both, %w, contracting_dims = [1] x [0] : (tensor<16x3xf32>, tensor<3x3xf32>) -> tensor<16x3xf32>
  return %h : tensor<16x3xf32>
}
