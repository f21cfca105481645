// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<3x8x4xf32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %c = stablehlo.constant dense<0.0> : tensor<3x8x4xf32>
  %l:3 = stablehlo.while(%i = %c0, %h = %x, %a = %c) : tensor<i32>, tensor<8x4xf32>, tensor<3x8x4xf32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %n = stablehlo.tanh %h : tensor<8x4xf32>
    %q = stablehlo.reshape %n : (tensor<8x4xf32>) -> tensor<1x8x4xf32>
    %m = stablehlo.dynamic_update_slice %a, %q, %i, %c0, %c0 : (tensor<3x8x4xf32>, tensor<1x8x4xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<3x8x4xf32>
    stablehlo.return %j, %n, %m : tensor<i32>, tensor<8x4xf32>, tensor<3x8x4xf32>
  }
  return %l#2 : tensor<3x8x4xf32>
}
