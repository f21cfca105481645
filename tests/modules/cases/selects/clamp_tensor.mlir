// want: equal
// batch: 0 1
func.func @main(%a: tensor<8xf32>, %x: tensor<8xf32>, %b: tensor<8xf32>) -> (tensor<8xf32>) {
  %y = stablehlo.clamp %a, %x, %b : tensor<8xf32>
  return %y : tensor<8xf32>
}
