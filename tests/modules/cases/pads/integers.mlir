// want: folded
func.func @main(%x: tensor<2x8x8xi32>, %z: tensor<i32>) -> (tensor<2x8x8xi32>) {
  %c = stablehlo.constant dense<0> : tensor<i32>
  %p = stablehlo.pad %x, %c, low = [0, 1, 1], high = [0, 1, 1], interior = [0, 0, 0] : (tensor<2x8x8xi32>, tensor<i32>) -> tensor<2x10x10xi32>
  %y = "stablehlo.reduce_window"(%p, %c) <{window_dimensions = array<i64: 1, 3, 3>}> ({
  ^bb0(%a: tensor<i32>, %b: tensor<i32>):
    %s = stablehlo.add %a, %b : tensor<i32>
    stablehlo.return %s : tensor<i32>
  }) : (tensor<2x10x10xi32>, tensor<i32>) -> tensor<2x8x8xi32>
  return %y : tensor<2x8x8xi32>
}
