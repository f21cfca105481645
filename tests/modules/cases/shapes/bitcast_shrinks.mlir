// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xi8>) -> (tensor<8xi32>) {
  %y = stablehlo.bitcast_convert %x : (tensor<8x4xi8>) -> tensor<8xi32>
  return %y : tensor<8xi32>
}
