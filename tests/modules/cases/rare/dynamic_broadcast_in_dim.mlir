// want: refused
// batch: 0
func.func @main(%x: tensor<8xf32>) -> (tensor<8x4xf32>) {
  %s = stablehlo.constant dense<[8, 4]> : tensor<2xi32>
  %e = stablehlo.tanh %x : tensor<8xf32>
  %y = stablehlo.dynamic_broadcast_in_dim %e, %s, dims = [0] : (tensor<8xf32>, tensor<2xi32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
