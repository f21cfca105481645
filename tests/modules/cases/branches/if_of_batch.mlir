// want: equal
// dear: refused
// batch: 0 1
func.func @main(%m: tensor<8xi1>, %x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %any_init = stablehlo.constant dense<false> : tensor<i1>
  %any = stablehlo.reduce(%m init: %any_init) applies stablehlo.or across dimensions = [0] : (tensor<8xi1>, tensor<i1>) -> tensor<i1>
  %b:1 = "stablehlo.if"(%any) ({
    %t = stablehlo.tanh %x : tensor<8x4xf32>
    stablehlo.return %t : tensor<8x4xf32>
  }, {
    %t = stablehlo.sine %x : tensor<8x4xf32>
    stablehlo.return %t : tensor<8x4xf32>
  }) : (tensor<i1>) -> (tensor<8x4xf32>)
  return %b : tensor<8x4xf32>
}
