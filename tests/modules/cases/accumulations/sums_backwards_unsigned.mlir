// want: equal
// batch: 1
// slices from the last to the first, by unsigned numbers
func.func @main(%w: tensor<3x5xf32>, %x: tensor<4x2x3xf32>) -> (tensor<2x5xf32>) {
  %zero = stablehlo.constant dense<0> : tensor<ui32>
  %one = stablehlo.constant dense<1> : tensor<ui32>
  %trips = stablehlo.constant dense<4> : tensor<ui32>
  %last = stablehlo.constant dense<3> : tensor<ui32>
  %zerof = stablehlo.constant dense<0.0> : tensor<f32>
  %none = stablehlo.constant dense<0.0> : tensor<2x5xf32>
  %0:2 = stablehlo.while(%i = %zero, %sum = %none) : tensor<ui32>, tensor<2x5xf32>
  cond {
    %p = stablehlo.compare LT, %i, %trips : (tensor<ui32>, tensor<ui32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  } do {
    %back = stablehlo.subtract %last, %i : tensor<ui32>
    %cut = stablehlo.dynamic_slice %x, %back, %zero, %zero, sizes = [1, 2, 3] : (tensor<4x2x3xf32>, tensor<ui32>, tensor<ui32>, tensor<ui32>) -> tensor<1x2x3xf32>
    %rows = stablehlo.reshape %cut : (tensor<1x2x3xf32>) -> tensor<2x3xf32>
    %y = stablehlo.dot_general %rows, %w, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
    %sum_next = stablehlo.add %sum, %y : tensor<2x5xf32>
    %k = stablehlo.add %i, %one : tensor<ui32>
    stablehlo.return %k, %sum_next : tensor<ui32>, tensor<2x5xf32>
  }
  return %0#1 : tensor<2x5xf32>
}
