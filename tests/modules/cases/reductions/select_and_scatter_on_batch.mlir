// want: equal
// computed: refused
// batch: 0
// partition: 4
func.func @main(%x: tensor<8x4xf32>, %g: tensor<4x4xf32>, %i: tensor<f32>) -> (tensor<8x4xf32>) {
  %y = "stablehlo.select_and_scatter"(%x, %g, %i) ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %t = stablehlo.compare GE, %a, %b, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %t : tensor<i1>
  }, {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %t = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %t : tensor<f32>
  }) {window_dimensions = array<i64: 2, 1>, window_strides = array<i64: 2, 1>} : (tensor<8x4xf32>, tensor<4x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
