// want: equal
// dear: refused
// batch: 0 1
func.func @main(%x: tensor<8x3xf32>, %m: tensor<8xi1>) -> (tensor<8x3xf32>) {
  %f = stablehlo.convert %m : (tensor<8xi1>) -> tensor<8xf32>
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%f init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  %b = stablehlo.broadcast_in_dim %s, dims = [] : (tensor<f32>) -> tensor<8x3xf32>
  %y = stablehlo.divide %x, %b : tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}
