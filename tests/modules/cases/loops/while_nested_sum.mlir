// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<f32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %l:2 = stablehlo.while(%i = %c0, %a = %z) : tensor<i32>, tensor<f32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %m:2 = stablehlo.while(%k = %c0, %b = %a) : tensor<i32>, tensor<f32>
    cond {
      %p = stablehlo.compare LT, %k, %i : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    }
    do {
      %s_init = stablehlo.constant dense<0.0> : tensor<f32>
      %s = stablehlo.reduce(%x init: %s_init) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
      %t = stablehlo.add %b, %s : tensor<f32>
      %k1 = stablehlo.add %k, %c1 : tensor<i32>
      stablehlo.return %k1, %t : tensor<i32>, tensor<f32>
    }
    %j = stablehlo.add %i, %c1 : tensor<i32>
    stablehlo.return %j, %m#1 : tensor<i32>, tensor<f32>
  }
  return %l#1 : tensor<f32>
}
