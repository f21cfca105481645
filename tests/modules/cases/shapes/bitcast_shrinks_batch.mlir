// want: equal
// batch: 0
// partition: 2x4
func.func @main(%x: tensor<4xi8>) -> (tensor<i32>) {
  %y = stablehlo.bitcast_convert %x : (tensor<4xi8>) -> tensor<i32>
  return %y : tensor<i32>
}
