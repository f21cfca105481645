// want: refused
// batch: 0
// partition: 2x4
func.func @main(%x: tensor<8x4xf32>) -> (tensor<4x4xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %y = stablehlo.slice %e [2:6, 0:4] : (tensor<8x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
