// want: equal
// batch: 0 1
func.func @main(%x: tensor<8x2x4xf32>, %z: tensor<8x2x3xf32>) -> (tensor<4x3xf32>) {
  %a = stablehlo.reshape %x : (tensor<8x2x4xf32>) -> tensor<16x4xf32>
  %b = stablehlo.reshape %z : (tensor<8x2x3xf32>) -> tensor<16x3xf32>
  %y = stablehlo.dot_general %a, %b, contracting_dims = [0] x [0] : (tensor<16x4xf32>, tensor<16x3xf32>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}
