// partition: 1x4
func.func @main(%x: tensor<8x16xf32>) -> (tensor<16x8xf32>) {
  %a = stablehlo.reshape %x : (tensor<8x16xf32>) -> tensor<2x4x16xf32>
  %b = stablehlo.reshape %a : (tensor<2x4x16xf32>) -> tensor<2x64xf32>
  %c = stablehlo.reshape %b : (tensor<2x64xf32>) -> tensor<4x2x4x4xf32>
  %t = stablehlo.transpose %c, dims = [2, 0, 3, 1] : (tensor<4x2x4x4xf32>) -> tensor<4x4x4x2xf32>
  %y = stablehlo.reshape %t : (tensor<4x4x4x2xf32>) -> tensor<16x8xf32>
  return %y : tensor<16x8xf32>
}
