// partition: 2x2x2
func.func @main(%x: tensor<8x8x4xf32>, %u: tensor<8x2x4xf32>, %k: tensor<1xi64>) -> (tensor<8x8x4xf32>) {
  %five = stablehlo.constant dense<5> : tensor<1xi64>
  %four = stablehlo.constant dense<4> : tensor<1xi64>
  %i5 = stablehlo.multiply %k, %five : tensor<1xi64>
  %i = stablehlo.subtract %i5, %four : tensor<1xi64>
  %j = stablehlo.reshape %i : (tensor<1xi64>) -> tensor<i64>
  %o = stablehlo.constant dense<0> : tensor<i64>
  %y = stablehlo.dynamic_update_slice %x, %u, %o, %j, %o : (tensor<8x8x4xf32>, tensor<8x2x4xf32>, tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<8x8x4xf32>
  return %y : tensor<8x8x4xf32>
}
