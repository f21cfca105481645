// want: equal
// batch: 1
func.func @main(%a: tensor<f32>, %x: tensor<8xf32>, %b: tensor<f32>) -> (tensor<8xf32>) {
  %y = stablehlo.clamp %a, %x, %b : (tensor<f32>, tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
