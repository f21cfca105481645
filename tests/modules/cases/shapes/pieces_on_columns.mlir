// want: equal
// batch: 0 1
func.func @main(%a: tensor<8x3xf32>, %b: tensor<8x3xf32>) -> tensor<3x8xf32> {
  %e = stablehlo.exponential %a : tensor<8x3xf32>
  %p = stablehlo.transpose %e, dims = [1, 0] : (tensor<8x3xf32>) -> tensor<3x8xf32>
  %q = stablehlo.transpose %b, dims = [1, 0] : (tensor<8x3xf32>) -> tensor<3x8xf32>
  %both = stablehlo.concatenate %p, %q, %p, dim = 1 : (tensor<3x8xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<3x24xf32>
  %t = stablehlo.tanh %both : tensor<3x24xf32>
  %apart = stablehlo.reshape %t : (tensor<3x24xf32>) -> tensor<3x3x8xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %sum = stablehlo.reduce(%apart init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<3x3x8xf32>, tensor<f32>) -> tensor<3x8xf32>
  return %sum : tensor<3x8xf32>
}
