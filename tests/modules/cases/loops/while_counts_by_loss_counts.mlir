// want: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%e init: %s_init) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %l:2 = stablehlo.while(%i = %c0, %h = %c1) : tensor<i32>, tensor<i32>
  cond {
    %q = stablehlo.convert %i : (tensor<i32>) -> tensor<f32>
    %p = stablehlo.compare LT, %q, %s : (tensor<f32>, tensor<f32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %n = stablehlo.add %h, %h : tensor<i32>
    stablehlo.return %j, %n : tensor<i32>, tensor<i32>
  }
  %y = stablehlo.convert %l#1 : (tensor<i32>) -> tensor<f32>
  %b = stablehlo.broadcast_in_dim %y, dims = [] : (tensor<f32>) -> tensor<8x4xf32>
  %r = stablehlo.add %b, %x : tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}
