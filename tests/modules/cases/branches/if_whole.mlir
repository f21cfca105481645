// want: equal
// batch: 1
func.func @main(%p: tensor<i1>, %x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %b:1 = "stablehlo.if"(%p) ({
    %t = stablehlo.tanh %x : tensor<8x4xf32>
    stablehlo.return %t : tensor<8x4xf32>
  }, {
    %t = stablehlo.sine %x : tensor<8x4xf32>
    stablehlo.return %t : tensor<8x4xf32>
  }) : (tensor<i1>) -> (tensor<8x4xf32>)
  return %b : tensor<8x4xf32>
}
