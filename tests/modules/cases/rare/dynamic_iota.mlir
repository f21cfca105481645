// batch: 0
func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>) {
  %s = stablehlo.constant dense<[8]> : tensor<1xi32>
  %y = stablehlo.dynamic_iota %s, dim = 0 : (tensor<1xi32>) -> tensor<8xf32>
  %z = stablehlo.add %x, %y : tensor<8xf32>
  return %z : tensor<8xf32>
}
