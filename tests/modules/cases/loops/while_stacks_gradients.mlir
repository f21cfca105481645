// want: equal
// batch: 0 1
func.func @main(%x: tensor<8x4xf32>, %z: tensor<8x2xf32>) -> (tensor<3x4x2xf32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %c = stablehlo.constant dense<1.0> : tensor<3x4x2xf32>
  %l:2 = stablehlo.while(%i = %c0, %a = %c) : tensor<i32>, tensor<3x4x2xf32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %g = stablehlo.dot_general %x, %z, contracting_dims = [0] x [0] : (tensor<8x4xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
    %q = stablehlo.reshape %g : (tensor<4x2xf32>) -> tensor<1x4x2xf32>
    %m = stablehlo.dynamic_update_slice %a, %q, %i, %c0, %c0 : (tensor<3x4x2xf32>, tensor<1x4x2xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<3x4x2xf32>
    stablehlo.return %j, %m : tensor<i32>, tensor<3x4x2xf32>
  }
  return %l#1 : tensor<3x4x2xf32>
}
