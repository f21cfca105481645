// partition: 2x4
func.func @main(%x: tensor<8x16xi8>, %w: tensor<16x8xi8>) -> (tensor<8x8xi32>) {
  %y = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x16xi8>, tensor<16x8xi8>) -> tensor<8x8xi32>
  return %y : tensor<8x8xi32>
}
