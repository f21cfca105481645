// partition: 2x2
func.func @main(%x: tensor<8x16x8xi4>, %z: tensor<8x16x8xi4>, %p: tensor<i1>) -> (tensor<8x16x8xi4>, tensor<8x8x16xi4>, tensor<8x16x8xi4>) {
  %a = stablehlo.reverse %x, dims = [2] : tensor<8x16x8xi4>
  %b = stablehlo.select %p, %a, %z : tensor<i1>, tensor<8x16x8xi4>
  %c = stablehlo.transpose %b, dims = [0, 2, 1] : (tensor<8x16x8xi4>) -> tensor<8x8x16xi4>
  %d = stablehlo.reshape %c : (tensor<8x8x16xi4>) -> tensor<64x16xi4>
  %e = stablehlo.reshape %d : (tensor<64x16xi4>) -> tensor<8x8x16xi4>
  %f = stablehlo.transpose %e, dims = [0, 2, 1] : (tensor<8x8x16xi4>) -> tensor<8x16x8xi4>
  return %b, %e, %f : tensor<8x16x8xi4>, tensor<8x8x16xi4>, tensor<8x16x8xi4>
}
