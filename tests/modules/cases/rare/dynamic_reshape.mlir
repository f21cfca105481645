// want: refused
// batch: 0
// partition: 2x2x2
func.func @main(%x: tensor<8x4xf32>) -> (tensor<32xf32>) {
  %s = stablehlo.constant dense<[32]> : tensor<1xi32>
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %y = stablehlo.dynamic_reshape %e, %s : (tensor<8x4xf32>, tensor<1xi32>) -> tensor<32xf32>
  return %y : tensor<32xf32>
}
