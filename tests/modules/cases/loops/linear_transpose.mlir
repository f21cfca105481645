// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %w: tensor<4xf32>) -> (tensor<2x2xf32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %z = stablehlo.constant dense<0.0> : tensor<2x2xf32>
  %l:2 = stablehlo.while(%i = %c0, %a = %z) : tensor<i32>, tensor<2x2xf32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %e = stablehlo.multiply %x, %x : tensor<8x4xf32>
    %z0 = stablehlo.constant dense<0.0> : tensor<f32>
    %s = stablehlo.reduce(%e init: %z0) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
    %r = stablehlo.reshape %s : (tensor<4xf32>) -> tensor<2x2xf32>
    %t = stablehlo.transpose %r, dims = [1, 0] : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %n = stablehlo.add %a, %t : tensor<2x2xf32>
    stablehlo.return %j, %n : tensor<i32>, tensor<2x2xf32>
  }
  %y = stablehlo.tanh %l#1 : tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
