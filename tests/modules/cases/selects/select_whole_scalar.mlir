// want: equal
// batch: 1 2
func.func @main(%p: tensor<i1>, %x: tensor<8xf32>, %z: tensor<8xf32>) -> (tensor<8xf32>) {
  %y = stablehlo.select %p, %x, %z : tensor<i1>, tensor<8xf32>
  return %y : tensor<8xf32>
}
