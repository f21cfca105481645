// want: equal
// batch: 1
// a sum over slices
func.func @main(%w: tensor<3x5xf32>, %x: tensor<4x2x3xf32>) -> (tensor<2x5xf32>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %trips = stablehlo.constant dense<4> : tensor<i32>
  %last = stablehlo.constant dense<3> : tensor<i32>
  %zerof = stablehlo.constant dense<0.0> : tensor<f32>
  %none = stablehlo.constant dense<0.0> : tensor<2x5xf32>
  %0:2 = stablehlo.while(%i = %zero, %sum = %none) : tensor<i32>, tensor<2x5xf32>
  cond {
    %p = stablehlo.compare LT, %i, %trips : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  } do {
    %cut = stablehlo.dynamic_slice %x, %i, %zero, %zero, sizes = [1, 2, 3] : (tensor<4x2x3xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x2x3xf32>
    %rows = stablehlo.reshape %cut : (tensor<1x2x3xf32>) -> tensor<2x3xf32>
    %y = stablehlo.dot_general %rows, %w, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
    %sum_next = stablehlo.add %sum, %y : tensor<2x5xf32>
    %k = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %k, %sum_next : tensor<i32>, tensor<2x5xf32>
  }
  return %0#1 : tensor<2x5xf32>
}
