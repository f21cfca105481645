// want: equal
// batch: 1
func.func @main(%w: tensor<8x4xf32>, %x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %y:2 = "stablehlo.sort"(%w, %x) ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>, %d: tensor<f32>):
    %p = stablehlo.compare LT, %a, %b, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }) {dimension = 1 : i64, is_stable = true} : (tensor<8x4xf32>, tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>)
  %z = stablehlo.add %y#1, %y#0 : tensor<8x4xf32>
  return %z : tensor<8x4xf32>
}
