// want: refused
// batch: 0
func.func @main(%x: tensor<8xf32>) -> (tensor<3x8xf32>) {
  %e = stablehlo.tanh %x : tensor<8xf32>
  %y = "stablehlo.broadcast"(%e) {broadcast_sizes = array<i64: 3>} : (tensor<8xf32>) -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}
