// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xui32>, %k: tensor<2xui64>) -> (tensor<8x4xui32>, tensor<2xui64>) {
  %s, %y = stablehlo.rng_bit_generator %k, algorithm = THREE_FRY : (tensor<2xui64>) -> (tensor<2xui64>, tensor<8x4xui32>)
  %z = stablehlo.add %x, %y : tensor<8x4xui32>
  return %z, %s : tensor<8x4xui32>, tensor<2xui64>
}
