// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4x4xi8>) {
  %y = stablehlo.bitcast_convert %x : (tensor<8x4xf32>) -> tensor<8x4x4xi8>
  return %y : tensor<8x4x4xi8>
}
