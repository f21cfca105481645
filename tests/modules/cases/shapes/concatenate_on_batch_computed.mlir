// want: equal
// batch: 0 1
func.func @main(%x: tensor<8x4xf32>, %z: tensor<8x4xf32>) -> (tensor<16x4xf32>, tensor<8x4xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %y = stablehlo.concatenate %e, %z, dim = 0 : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<16x4xf32>
  %r = stablehlo.sine %y : tensor<16x4xf32>
  return %r, %e : tensor<16x4xf32>, tensor<8x4xf32>
}
