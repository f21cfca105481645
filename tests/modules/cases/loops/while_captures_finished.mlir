// want: refused
// batch: 0
// partition: 2x2
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<f32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%e init: %s_init) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  %u = stablehlo.tanh %s : tensor<f32>
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %l:3 = stablehlo.while(%i = %c0, %h = %x, %g = %u) : tensor<i32>, tensor<8x4xf32>, tensor<f32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %n = stablehlo.tanh %h : tensor<8x4xf32>
    %m = stablehlo.add %g, %u : tensor<f32>
    stablehlo.return %j, %n, %m : tensor<i32>, tensor<8x4xf32>, tensor<f32>
  }
  return %l#1, %l#2 : tensor<8x4xf32>, tensor<f32>
}
