// want: equal
// batch: 0
// partition: no
func.func @main(%x: tensor<8x4xf32>, %w: tensor<f32>) -> (tensor<8xf32>) {
  %i = stablehlo.constant dense<0.0> : tensor<f32>
  %y = stablehlo.reduce(%x init: %i) across dimensions = [1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8xf32>
  reducer(%a: tensor<f32>, %b: tensor<f32>) {
    %u = stablehlo.add %b, %a : tensor<f32>
    %v = stablehlo.maximum %u, %w : tensor<f32>
    stablehlo.return %v : tensor<f32>
  }
  return %y : tensor<8xf32>
}
