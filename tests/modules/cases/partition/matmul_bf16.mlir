// partition: 2x2x2
func.func @main(%x: tensor<8x16xbf16>, %w: tensor<16x8xbf16>) -> (tensor<8x8xbf16>) {
  %y = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x16xbf16>, tensor<16x8xbf16>) -> tensor<8x8xbf16>
  return %y : tensor<8x8xbf16>
}
