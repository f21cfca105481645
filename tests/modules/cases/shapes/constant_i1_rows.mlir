// want: equal
// batch: 0
func.func @main(%x: tensor<4xi1>) -> (tensor<4xi1>) {
  %c = stablehlo.constant dense<[true,false,false,true]> : tensor<4xi1>
  %y = stablehlo.and %x, %c : tensor<4xi1>
  return %y : tensor<4xi1>
}
