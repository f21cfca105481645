// want: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %y = stablehlo.reverse %e, dims = [0] : tensor<8x4xf32>
  %z = stablehlo.add %y, %x : tensor<8x4xf32>
  return %z, %e : tensor<8x4xf32>, tensor<8x4xf32>
}
