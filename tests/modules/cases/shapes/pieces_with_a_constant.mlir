// want: equal
// batch: 0
func.func @main(%a: tensor<8x3xf32>, %fixed: tensor<16x3xf32>) -> tensor<8x3xf32> {
  %e = stablehlo.exponential %a : tensor<8x3xf32>
  %all = stablehlo.concatenate %fixed, %e, dim = 0 : (tensor<16x3xf32>, tensor<8x3xf32>) -> tensor<24x3xf32>
  %t = stablehlo.tanh %all : tensor<24x3xf32>
  %middle = stablehlo.slice %t [8:24, 0:2] : (tensor<24x3xf32>) -> tensor<16x2xf32>
  %last = stablehlo.slice %middle [8:16, 0:2] : (tensor<16x2xf32>) -> tensor<8x2xf32>
  %wide = stablehlo.concatenate %last, %last, dim = 1 : (tensor<8x2xf32>, tensor<8x2xf32>) -> tensor<8x4xf32>
  %cut = stablehlo.slice %wide [0:8, 1:4] : (tensor<8x4xf32>) -> tensor<8x3xf32>
  return %cut : tensor<8x3xf32>
}
