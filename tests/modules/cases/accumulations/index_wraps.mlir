// want: refused
// batch: 1
// the index wraps around before it is wide: iterations 2 and 3 begin at rows 0 and 128 again
func.func @main(%w: tensor<3x5xf32>, %x: tensor<512x3xf32>) -> (tensor<128x5xf32>) {
  %zero = stablehlo.constant dense<0> : tensor<ui8>
  %one = stablehlo.constant dense<1> : tensor<ui8>
  %rows = stablehlo.constant dense<128> : tensor<ui8>
  %trips = stablehlo.constant dense<4> : tensor<ui8>
  %first = stablehlo.constant dense<0> : tensor<i32>
  %none = stablehlo.constant dense<0.0> : tensor<128x5xf32>
  %h = stablehlo.tanh %x : tensor<512x3xf32>
  %0:2 = stablehlo.while(%i = %zero, %sum = %none) : tensor<ui8>, tensor<128x5xf32>
  cond {
    %p = stablehlo.compare LT, %i, %trips : (tensor<ui8>, tensor<ui8>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  } do {
    %begin = stablehlo.multiply %i, %rows : tensor<ui8>
    %wide = stablehlo.convert %begin : (tensor<ui8>) -> tensor<i32>
    %cut = stablehlo.dynamic_slice %h, %wide, %first, sizes = [128, 3] : (tensor<512x3xf32>, tensor<i32>, tensor<i32>) -> tensor<128x3xf32>
    %y = stablehlo.dot_general %cut, %w, contracting_dims = [1] x [0] : (tensor<128x3xf32>, tensor<3x5xf32>) -> tensor<128x5xf32>
    %sum_next = stablehlo.add %sum, %y : tensor<128x5xf32>
    %k = stablehlo.add %i, %one : tensor<ui8>
    stablehlo.return %k, %sum_next : tensor<ui8>, tensor<128x5xf32>
  }
  return %0#1 : tensor<128x5xf32>
}
