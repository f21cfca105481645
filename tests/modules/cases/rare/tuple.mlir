// want: refused
// batch: 0
// partition: no
func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>) {
  %t = stablehlo.tuple %x, %x : tuple<tensor<8xf32>, tensor<8xf32>>
  %y = stablehlo.get_tuple_element %t[0] : (tuple<tensor<8xf32>, tensor<8xf32>>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
