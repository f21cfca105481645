// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %w: tensor<3x4x4xf32>) -> (tensor<8x4xf32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %l:2 = stablehlo.while(%i = %c0, %h = %x) : tensor<i32>, tensor<8x4xf32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %q = stablehlo.dynamic_slice %w, %i, %c0, %c0, sizes = [1, 4, 4] : (tensor<3x4x4xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x4x4xf32>
    %v = stablehlo.reshape %q : (tensor<1x4x4xf32>) -> tensor<4x4xf32>
    %n = stablehlo.dot_general %h, %v, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
    stablehlo.return %j, %n : tensor<i32>, tensor<8x4xf32>
  }
  return %l#1 : tensor<8x4xf32>
}
