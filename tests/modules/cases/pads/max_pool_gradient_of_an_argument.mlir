// want: kept
func.func @main(%x: tensor<2x8x8xf32>, %l: tensor<f32>, %u: tensor<2x4x4xf32>) -> (tensor<2x8x8xf32>) {
  %p9 = stablehlo.pad %x, %l, low = [0, 0, 1], high = [0, 1, 0], interior = [0, 0, 0] : (tensor<2x8x8xf32>, tensor<f32>) -> tensor<2x9x9xf32>
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %y = "stablehlo.select_and_scatter"(%p9, %u, %z) <{window_dimensions = array<i64: 1, 3, 3>, window_strides = array<i64: 1, 2, 2>, padding = dense<0> : tensor<3x2xi64>}> ({
  ^bb0(%p: tensor<f32>, %q: tensor<f32>):
    %c = stablehlo.compare GE, %p, %q : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %c : tensor<i1>
  }, {
  ^bb0(%p: tensor<f32>, %q: tensor<f32>):
    %s = stablehlo.add %p, %q : tensor<f32>
    stablehlo.return %s : tensor<f32>
  }) : (tensor<2x9x9xf32>, tensor<2x4x4xf32>, tensor<f32>) -> tensor<2x9x9xf32>
  %r = stablehlo.slice %y [0:2, 0:8, 1:9] : (tensor<2x9x9xf32>) -> tensor<2x8x8xf32>
  return %r : tensor<2x8x8xf32>
}
