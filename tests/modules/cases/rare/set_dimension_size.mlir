// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>) {
  %a = stablehlo.constant dense<8> : tensor<i32>
  %e = stablehlo.tanh %x : tensor<8xf32>
  %y = "stablehlo.set_dimension_size"(%e, %a) {dimension = 0 : i64} : (tensor<8xf32>, tensor<i32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
