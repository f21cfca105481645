// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8xf32>, %p: tensor<f32>) -> (tensor<9xf32>) {
  %a = stablehlo.constant dense<[1]> : tensor<1xi32>
  %b = stablehlo.constant dense<[0]> : tensor<1xi32>
  %e = stablehlo.tanh %x : tensor<8xf32>
  %y = stablehlo.dynamic_pad %e, %p, %a, %b, %b : (tensor<8xf32>, tensor<f32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<9xf32>
  return %y : tensor<9xf32>
}
