// want: folded
func.func @main(%x: tensor<2x8x8xf32>) -> (tensor<2x13x15xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %p = stablehlo.pad %x, %z, low = [0, 1,1], high = [0, 1,1], interior = [0, 1,1] : (tensor<2x8x8xf32>, tensor<f32>) -> tensor<2x17x17xf32>
  %y = "stablehlo.reduce_window"(%p, %z) <{window_dimensions = array<i64: 1, 3, 3>, window_dilations = array<i64: 1, 2, 1>}> ({
  ^bb0(%p0: tensor<f32>, %q: tensor<f32>):
    %s = stablehlo.add %p0, %q : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }) : (tensor<2x17x17xf32>, tensor<f32>) -> tensor<2x13x15xf32>
  return %y : tensor<2x13x15xf32>
}
