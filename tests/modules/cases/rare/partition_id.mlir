// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>) {
  %r = stablehlo.partition_id : tensor<ui32>
  %y = stablehlo.tanh %x : tensor<8xf32>
  return %y : tensor<8xf32>
}
