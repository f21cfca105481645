// partition: 2x4
func.func @main(%x: tensor<8x8x4xf32>, %u: tensor<8x2x4xf32>, %k: tensor<1xui32>) -> (tensor<8x8x4xf32>) {
  %five = stablehlo.constant dense<5> : tensor<1xui32>
  %four = stablehlo.constant dense<4> : tensor<1xui32>
  %i5 = stablehlo.multiply %k, %five : tensor<1xui32>
  %i = stablehlo.add %i5, %four : tensor<1xui32>
  %j = stablehlo.reshape %i : (tensor<1xui32>) -> tensor<ui32>
  %o = stablehlo.constant dense<0> : tensor<ui32>
  %y = stablehlo.dynamic_update_slice %x, %u, %o, %j, %o : (tensor<8x8x4xf32>, tensor<8x2x4xf32>, tensor<ui32>, tensor<ui32>, tensor<ui32>) -> tensor<8x8x4xf32>
  return %y : tensor<8x8x4xf32>
}
