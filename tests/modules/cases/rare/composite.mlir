// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %y = stablehlo.composite "my.act" %x {decomposition = @act} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

func.func private @act(%a: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = stablehlo.tanh %a : tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}
