// batch: 0 1
func.func @main(%x: tensor<8x4xi32>, %y: tensor<8xi32>) -> (tensor<8x4xi32>, tensor<8xi32>) {
  return %x, %y : tensor<8x4xi32>, tensor<8xi32>
}
