// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %l:2 = stablehlo.while(%i = %c0, %a = %x) : tensor<i32>, tensor<8x4xf32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %m:2 = stablehlo.while(%k = %c0, %b = %a) : tensor<i32>, tensor<8x4xf32>
    cond {
      %p = stablehlo.compare LT, %k, %i : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    }
    do {
      %t = stablehlo.tanh %b : tensor<8x4xf32>
      %k1 = stablehlo.add %k, %c1 : tensor<i32>
      stablehlo.return %k1, %t : tensor<i32>, tensor<8x4xf32>
    }
    %j = stablehlo.add %i, %c1 : tensor<i32>
    stablehlo.return %j, %m#1 : tensor<i32>, tensor<8x4xf32>
  }
  return %l#1 : tensor<8x4xf32>
}
