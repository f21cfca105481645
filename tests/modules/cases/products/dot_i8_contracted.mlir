// want: equal
// batch: 0 1
func.func @main(%x: tensor<8x4xi8>, %z: tensor<8x3xi8>) -> (tensor<4x3xi32>) {
  %y = stablehlo.dot_general %x, %z, contracting_dims = [0] x [0] : (tensor<8x4xi8>, tensor<8x3xi8>) -> tensor<4x3xi32>
  return %y : tensor<4x3xi32>
}
