// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%e init: %s_init) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  %t = stablehlo.tanh %s : tensor<f32>
  %i = stablehlo.constant dense<0.0> : tensor<f32>
  %y = stablehlo.reduce(%e init: %i) across dimensions = [1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8xf32>
  reducer(%a: tensor<f32>, %b: tensor<f32>) {
    %u = stablehlo.add %b, %a : tensor<f32>
    %v = stablehlo.maximum %u, %s : tensor<f32>
    stablehlo.return %v : tensor<f32>
  }
  return %y : tensor<8xf32>
}
