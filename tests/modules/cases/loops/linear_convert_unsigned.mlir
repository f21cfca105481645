// want: refused
// batch: 0
func.func @main(%k: tensor<8xui32>, %w: tensor<i64>) -> (tensor<i64>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %l:2 = stablehlo.while(%i = %c0, %b = %w) : tensor<i32>, tensor<i64>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %f = stablehlo.constant dense<1> : tensor<8xui32>
    %g = stablehlo.subtract %k, %f : tensor<8xui32>
    %s_init = stablehlo.constant dense<0> : tensor<ui32>
    %s = stablehlo.reduce(%g init: %s_init) applies stablehlo.add across dimensions = [0] : (tensor<8xui32>, tensor<ui32>) -> tensor<ui32>
    %v = stablehlo.convert %s : (tensor<ui32>) -> tensor<i64>
    %m = stablehlo.add %b, %v : tensor<i64>
    stablehlo.return %j, %m : tensor<i32>, tensor<i64>
  }
  return %l#1 : tensor<i64>
}
