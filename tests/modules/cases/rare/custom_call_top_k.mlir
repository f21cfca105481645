// want: refused
// batch: 0
// partition: 2
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x2xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %y:2 = stablehlo.custom_call @TopK(%e) : (tensor<8x4xf32>) -> (tensor<8x2xf32>, tensor<8x2xi32>)
  return %y#0 : tensor<8x2xf32>
}
