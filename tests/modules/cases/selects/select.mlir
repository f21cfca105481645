// want: equal
// batch: 0 1
// partition: 2
func.func @main(%p: tensor<8xi1>, %x: tensor<8xf32>, %z: tensor<8xf32>) -> (tensor<8xf32>) {
  %y = stablehlo.select %p, %x, %z : tensor<8xi1>, tensor<8xf32>
  return %y : tensor<8xf32>
}
