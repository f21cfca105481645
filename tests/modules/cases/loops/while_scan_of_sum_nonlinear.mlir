// want: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<4xf32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %c = stablehlo.constant dense<0.0> : tensor<4xf32>
  %l:2 = stablehlo.while(%i = %c0, %a = %c) : tensor<i32>, tensor<4xf32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %s_init = stablehlo.constant dense<0.0> : tensor<f32>
    %s = stablehlo.reduce(%x init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
    %t = stablehlo.tanh %s : tensor<4xf32>
    %n = stablehlo.add %a, %t : tensor<4xf32>
    stablehlo.return %j, %n : tensor<i32>, tensor<4xf32>
  }
  return %l#1 : tensor<4xf32>
}
