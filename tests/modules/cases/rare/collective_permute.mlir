// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>) {
  %y = "stablehlo.collective_permute"(%x) {source_target_pairs = dense<0> : tensor<1x2xi64>} : (tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
