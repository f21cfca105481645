// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>) {
  %t = stablehlo.create_token : !stablehlo.token
  %u = stablehlo.after_all %t, %t : !stablehlo.token
  %y = stablehlo.tanh %x : tensor<8xf32>
  return %y : tensor<8xf32>
}
