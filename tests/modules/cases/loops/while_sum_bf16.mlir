// want: equal
// batch: 0
func.func @main(%x: tensor<8xbf16>) -> (tensor<bf16>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %z = stablehlo.constant dense<0.0> : tensor<bf16>
  %l:2 = stablehlo.while(%i = %c0, %a = %z) : tensor<i32>, tensor<bf16>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %s_init = stablehlo.constant dense<0.0> : tensor<bf16>
    %s = stablehlo.reduce(%x init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8xbf16>, tensor<bf16>) -> tensor<bf16>
    %n = stablehlo.add %a, %s : tensor<bf16>
    stablehlo.return %j, %n : tensor<i32>, tensor<bf16>
  }
  %y = stablehlo.tanh %l#1 : tensor<bf16>
  return %y : tensor<bf16>
}
