// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %z: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %y = "stablehlo.map"(%x, %z) ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %t = stablehlo.multiply %a, %b : tensor<f32>
    stablehlo.return %t : tensor<f32>
  }) {dimensions = array<i64: 0, 1>} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
