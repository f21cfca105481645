// want: equal
// batch: 0 1
func.func @main(%a: tensor<8x3xf32>, %b: tensor<8x3xf32>, %w: tensor<3x3xf32>) -> (tensor<8x3xf32>, tensor<3x3xf32>) {
  %both = stablehlo.concatenate %a, %b, dim = 0 : (tensor<8x3xf32>, tensor<8x3xf32>) -> tensor<16x3xf32>
  %h = stablehlo.dot_general %both, %w, contracting_dims = [1] x [0] : (tensor<16x3xf32>, tensor<3x3xf32>) -> tensor<16x3xf32>
  %g = stablehlo.dot_general %both, %h, contracting_dims = [0] x [0] : (tensor<16x3xf32>, tensor<16x3xf32>) -> tensor<3x3xf32>
  %first = stablehlo.slice %h [0:8, 0:3] : (tensor<16x3xf32>) -> tensor<8x3xf32>
  %second = stablehlo.slice %h [8:16, 0:3] : (tensor<16x3xf32>) -> tensor<8x3xf32>
  %d = stablehlo.subtract %first, %second : tensor<8x3xf32>
  return %d, %g : tensor<8x3xf32>, tensor<3x3xf32>
}
