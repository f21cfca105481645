// want: refused
// batch: 0
func.func @main(%k: tensor<8xi32>) -> (tensor<i32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %l:2 = stablehlo.while(%i = %c0, %a = %c0) : tensor<i32>, tensor<i32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %s_init = stablehlo.constant dense<0> : tensor<i32>
    %s = stablehlo.reduce(%k init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8xi32>, tensor<i32>) -> tensor<i32>
    %t = stablehlo.divide %s, %c3 : tensor<i32>
    %n = stablehlo.add %a, %t : tensor<i32>
    stablehlo.return %j, %n : tensor<i32>, tensor<i32>
  }
  return %l#1 : tensor<i32>
}
