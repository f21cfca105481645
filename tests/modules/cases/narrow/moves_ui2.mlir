// partition: 2x2x2
func.func @main(%x: tensor<8x16x8xui2>, %z: tensor<8x16x8xui2>, %p: tensor<i1>) -> (tensor<8x16x8xui2>, tensor<8x8x16xui2>, tensor<8x16x8xui2>) {
  %a = stablehlo.reverse %x, dims = [2] : tensor<8x16x8xui2>
  %b = stablehlo.select %p, %a, %z : tensor<i1>, tensor<8x16x8xui2>
  %c = stablehlo.transpose %b, dims = [0, 2, 1] : (tensor<8x16x8xui2>) -> tensor<8x8x16xui2>
  %d = stablehlo.reshape %c : (tensor<8x8x16xui2>) -> tensor<64x16xui2>
  %e = stablehlo.reshape %d : (tensor<64x16xui2>) -> tensor<8x8x16xui2>
  %f = stablehlo.transpose %e, dims = [0, 2, 1] : (tensor<8x8x16xui2>) -> tensor<8x16x8xui2>
  return %b, %e, %f : tensor<8x16x8xui2>, tensor<8x8x16xui2>, tensor<8x16x8xui2>
}
