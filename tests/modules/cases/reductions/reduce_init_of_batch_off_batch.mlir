// want: equal
// computed: refused
// dear: refused
// batch: 0 1
// partition: 2x2
func.func @main(%x: tensor<8x3xf32>, %z: tensor<8xf32>) -> (tensor<8xf32>) {
  %i_init = stablehlo.constant dense<-9.0> : tensor<f32>
  %i = stablehlo.reduce(%z init: %i_init) applies stablehlo.maximum across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  %s = stablehlo.reduce(%x init: %i) applies stablehlo.add across dimensions = [1] : (tensor<8x3xf32>, tensor<f32>) -> tensor<8xf32>
  return %s : tensor<8xf32>
}
