// partition: 1x4
func.func @main(%x: tensor<8x8x4xf32>, %u: tensor<8x2x4xf32>, %k: tensor<1xi8>) -> (tensor<8x8x4xf32>) {
  %five = stablehlo.constant dense<5> : tensor<1xi8>
  %four = stablehlo.constant dense<4> : tensor<1xi8>
  %i5 = stablehlo.multiply %k, %five : tensor<1xi8>
  %i = stablehlo.subtract %i5, %four : tensor<1xi8>
  %j = stablehlo.reshape %i : (tensor<1xi8>) -> tensor<i8>
  %o = stablehlo.constant dense<0> : tensor<i8>
  %y = stablehlo.dynamic_update_slice %x, %u, %o, %j, %o : (tensor<8x8x4xf32>, tensor<8x2x4xf32>, tensor<i8>, tensor<i8>, tensor<i8>) -> tensor<8x8x4xf32>
  return %y : tensor<8x8x4xf32>
}
