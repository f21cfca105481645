// want: equal
// batch: 0 1
func.func @main(%x: tensor<8x4xbf16>, %z: tensor<8x3xbf16>) -> (tensor<4x3xbf16>) {
  %y = stablehlo.dot_general %x, %z, contracting_dims = [0] x [0] : (tensor<8x4xbf16>, tensor<8x3xbf16>) -> tensor<4x3xbf16>
  return %y : tensor<4x3xbf16>
}
