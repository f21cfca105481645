// partition: 2x2
func.func @main(%x: tensor<8x8x4xf32>, %u: tensor<8x2x4xf32>, %k: tensor<1xi32>) -> (tensor<8x8x4xf32>) {
  %five = stablehlo.constant dense<5> : tensor<1xi32>
  %four = stablehlo.constant dense<4> : tensor<1xi32>
  %i5 = stablehlo.multiply %k, %five : tensor<1xi32>
  %i = stablehlo.subtract %i5, %four : tensor<1xi32>
  %j = stablehlo.reshape %i : (tensor<1xi32>) -> tensor<i32>
  %o = stablehlo.constant dense<0> : tensor<i32>
  %y = stablehlo.dynamic_update_slice %x, %u, %o, %j, %o : (tensor<8x8x4xf32>, tensor<8x2x4xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<8x8x4xf32>
  return %y : tensor<8x8x4xf32>
}
