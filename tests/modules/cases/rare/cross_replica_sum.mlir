// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>) {
  %y = "stablehlo.cross-replica-sum"(%x) {replica_groups = dense<0> : tensor<1x1xi64>} : (tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
