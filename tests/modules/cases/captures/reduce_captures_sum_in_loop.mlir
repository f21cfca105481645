// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8x4xf32>, %w: tensor<8x4xf32>) -> (tensor<8xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %s_init = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%e init: %s_init) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %z = stablehlo.constant dense<0.0> : tensor<8xf32>
  %l:2 = stablehlo.while(%i = %c0, %h = %z) : tensor<i32>, tensor<8xf32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %i0 = stablehlo.constant dense<0.0> : tensor<f32>
    %y = stablehlo.reduce(%w init: %i0) across dimensions = [1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8xf32>
    reducer(%a: tensor<f32>, %b: tensor<f32>) {
      %u = stablehlo.add %b, %a : tensor<f32>
      %v = stablehlo.maximum %u, %s : tensor<f32>
      stablehlo.return %v : tensor<f32>
    }
    %n = stablehlo.add %h, %y : tensor<8xf32>
    stablehlo.return %j, %n : tensor<i32>, tensor<8xf32>
  }
  return %l#1 : tensor<8xf32>
}
