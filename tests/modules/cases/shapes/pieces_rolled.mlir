// want: refused
// batch: 0
func.func @main(%a: tensor<8x3xf32>, %w: tensor<3x3xf32>) -> tensor<8x3xf32> {
  %h = stablehlo.dot_general %a, %w, contracting_dims = [1] x [0] : (tensor<8x3xf32>, tensor<3x3xf32>) -> tensor<8x3xf32>
  %top = stablehlo.slice %h [4:8, 0:3] : (tensor<8x3xf32>) -> tensor<4x3xf32>
  %end = stablehlo.slice %h [0:4, 0:3] : (tensor<8x3xf32>) -> tensor<4x3xf32>
  %r = stablehlo.concatenate %top, %end, dim = 0 : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
  return %r : tensor<8x3xf32>
}
