// batch: 0
// microbatches: 2
// partition: 4
func.func @main(%k: tensor<2xui64>) -> (tensor<2x4xui32>) {
  %s, %y = stablehlo.rng_bit_generator %k, algorithm = THREE_FRY : (tensor<2xui64>) -> (tensor<2xui64>, tensor<2x4xui32>)
  return %y : tensor<2x4xui32>
}
