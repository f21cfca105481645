// want: equal
// batch: 0 1
// partition: 4
func.func @main(%x: tensor<8x4xf32>, %z: tensor<8x3xf32>) -> (tensor<4x3xf32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %c = stablehlo.constant dense<0.0> : tensor<4x3xf32>
  %l:3 = stablehlo.while(%i = %c0, %a = %c, %h = %x) : tensor<i32>, tensor<4x3xf32>, tensor<8x4xf32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %g = stablehlo.dot_general %h, %z, contracting_dims = [0] x [0] : (tensor<8x4xf32>, tensor<8x3xf32>) -> tensor<4x3xf32>
    %n = stablehlo.add %a, %g : tensor<4x3xf32>
    %m = stablehlo.tanh %h : tensor<8x4xf32>
    stablehlo.return %j, %n, %m : tensor<i32>, tensor<4x3xf32>, tensor<8x4xf32>
  }
  return %l#1 : tensor<4x3xf32>
}
