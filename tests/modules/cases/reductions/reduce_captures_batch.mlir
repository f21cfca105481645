// want: equal
// computed: refused
// dear: refused
// batch: 0 1
// partition: no
func.func @main(%x: tensor<8xf32>, %z: tensor<8xf32>, %i: tensor<f32>) -> (tensor<f32>) {
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%z init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  %y = stablehlo.reduce(%x init: %i) across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  reducer(%a: tensor<f32>, %b: tensor<f32>) {
    %u = stablehlo.maximum %b, %a : tensor<f32>
    %v = stablehlo.maximum %u, %s : tensor<f32>
    stablehlo.return %v : tensor<f32>
  }
  return %y : tensor<f32>
}
