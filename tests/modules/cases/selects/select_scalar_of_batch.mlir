// want: equal
// dear: refused
// batch: 0 1 2
func.func @main(%p: tensor<8xi1>, %x: tensor<8xf32>, %z: tensor<8xf32>) -> (tensor<8xf32>) {
  %s_init = stablehlo.constant dense<false> : tensor<i1>
  %s = stablehlo.reduce(%p init: %s_init) applies stablehlo.or across dimensions = [0] : (tensor<8xi1>, tensor<i1>) -> tensor<i1>
  %y = stablehlo.select %s, %x, %z : tensor<i1>, tensor<8xf32>
  return %y : tensor<8xf32>
}
