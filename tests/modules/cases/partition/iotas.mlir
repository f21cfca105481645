// partition: 4
func.func @main(%x: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<16xbf16>, tensor<8xf32>, tensor<8x8xf32>) {
  %a = stablehlo.iota dim = 0 : tensor<8x8xf32>
  %b = stablehlo.iota dim = 1 : tensor<8x8xi8>
  %c = stablehlo.convert %b : (tensor<8x8xi8>) -> tensor<8x8xf32>
  %d = stablehlo.iota dim = 0 : tensor<16xbf16>
  %e = stablehlo.iota dim = 0 : tensor<8xcomplex<f32>>
  %f = stablehlo.real %e : (tensor<8xcomplex<f32>>) -> tensor<8xf32>
  %s = stablehlo.add %a, %c : tensor<8x8xf32>
  %y = stablehlo.multiply %s, %x : tensor<8x8xf32>
  return %y, %d, %f, %a : tensor<8x8xf32>, tensor<16xbf16>, tensor<8xf32>, tensor<8x8xf32>
}
