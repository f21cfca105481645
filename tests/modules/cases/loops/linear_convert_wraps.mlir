// want: refused
// batch: 0
// partition: 2x2x2
func.func @main(%k: tensor<8xi8>) -> (tensor<i32>) {
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
    %f = stablehlo.constant dense<60> : tensor<8xi8>
    %g = stablehlo.add %f, %k : tensor<8xi8>
    %s_init = stablehlo.constant dense<0> : tensor<i8>
    %s = stablehlo.reduce(%g init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8xi8>, tensor<i8>) -> tensor<i8>
    %t = stablehlo.convert %s : (tensor<i8>) -> tensor<i32>
    %n = stablehlo.add %a, %t : tensor<i32>
    stablehlo.return %j, %n : tensor<i32>, tensor<i32>
  }
  return %l#1 : tensor<i32>
}
