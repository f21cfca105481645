// want: refused
// batch: 0 1
// partition: 4
func.func @main(%x: tensor<8x2x4xf32>, %z: tensor<8x2x3xf32>) -> (tensor<4x3xf32>) {
  %t = stablehlo.transpose %x, dims = [1, 0, 2] : (tensor<8x2x4xf32>) -> tensor<2x8x4xf32>
  %e = stablehlo.tanh %t : tensor<2x8x4xf32>
  %f = stablehlo.tanh %z : tensor<8x2x3xf32>
  %a = stablehlo.reshape %e : (tensor<2x8x4xf32>) -> tensor<16x4xf32>
  %b = stablehlo.reshape %f : (tensor<8x2x3xf32>) -> tensor<16x3xf32>
  %y = stablehlo.dot_general %a, %b, contracting_dims = [0] x [0] : (tensor<16x4xf32>, tensor<16x3xf32>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}
