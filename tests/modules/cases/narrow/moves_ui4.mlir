// partition: 4
func.func @main(%x: tensor<8x16x8xui4>, %z: tensor<8x16x8xui4>, %p: tensor<i1>) -> (tensor<8x16x8xui4>, tensor<8x8x16xui4>, tensor<8x16x8xui4>) {
  %a = stablehlo.reverse %x, dims = [2] : tensor<8x16x8xui4>
  %b = stablehlo.select %p, %a, %z : tensor<i1>, tensor<8x16x8xui4>
  %c = stablehlo.transpose %b, dims = [0, 2, 1] : (tensor<8x16x8xui4>) -> tensor<8x8x16xui4>
  %d = stablehlo.reshape %c : (tensor<8x8x16xui4>) -> tensor<64x16xui4>
  %e = stablehlo.reshape %d : (tensor<64x16xui4>) -> tensor<8x8x16xui4>
  %f = stablehlo.transpose %e, dims = [0, 2, 1] : (tensor<8x8x16xui4>) -> tensor<8x16x8xui4>
  return %b, %e, %f : tensor<8x16x8xui4>, tensor<8x8x16xui4>, tensor<8x16x8xui4>
}
