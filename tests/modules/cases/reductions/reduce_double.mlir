// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8xf32>, %i: tensor<f32>) -> (tensor<f32>) {
  %y = stablehlo.reduce(%x init: %i) across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  reducer(%a: tensor<f32>, %b: tensor<f32>) {
    %u = stablehlo.add %b, %b : tensor<f32>
    stablehlo.return %u : tensor<f32>
  }
  return %y : tensor<f32>
}
