// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xui32>, %k: tensor<2xui64>) -> (tensor<2xui64>, tensor<8x4xui32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %l:3 = stablehlo.while(%i = %c0, %s = %k, %h = %x) : tensor<i32>, tensor<2xui64>, tensor<8x4xui32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %n, %y = stablehlo.rng_bit_generator %s, algorithm = THREE_FRY : (tensor<2xui64>) -> (tensor<2xui64>, tensor<8x4xui32>)
    %z = stablehlo.add %h, %y : tensor<8x4xui32>
    stablehlo.return %j, %n, %z : tensor<i32>, tensor<2xui64>, tensor<8x4xui32>
  }
  return %l#1, %l#2 : tensor<2xui64>, tensor<8x4xui32>
}
