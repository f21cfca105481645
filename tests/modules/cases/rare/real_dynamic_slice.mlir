// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8xf32>) -> (tensor<4xf32>) {
  %a = stablehlo.constant dense<[1]> : tensor<1xi32>
  %b = stablehlo.constant dense<[5]> : tensor<1xi32>
  %c = stablehlo.constant dense<[1]> : tensor<1xi32>
  %e = stablehlo.tanh %x : tensor<8xf32>
  %y = stablehlo.real_dynamic_slice %e, %a, %b, %c : (tensor<8xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
