// batch: 0
func.func @main(%k: tensor<8xui64>) -> (tensor<8x4xui32>) {
  %q = stablehlo.slice %k [0:2] : (tensor<8xui64>) -> tensor<2xui64>
  %s, %y = stablehlo.rng_bit_generator %q, algorithm = THREE_FRY : (tensor<2xui64>) -> (tensor<2xui64>, tensor<8x4xui32>)
  return %y : tensor<8x4xui32>
}
