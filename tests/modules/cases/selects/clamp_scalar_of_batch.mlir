// want: equal
// computed: refused
// dear: refused
// batch: 0
func.func @main(%x: tensor<8xf32>, %b: tensor<f32>) -> (tensor<8xf32>) {
  %s_init = stablehlo.constant dense<9.0> : tensor<f32>
  %s = stablehlo.reduce(%x init: %s_init) applies stablehlo.minimum across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  %y = stablehlo.clamp %s, %x, %b : (tensor<f32>, tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
