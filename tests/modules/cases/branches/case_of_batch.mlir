// want: equal
// dear: refused
// batch: 0 1
func.func @main(%k: tensor<8xi32>, %x: tensor<8x4xf32>) -> (tensor<8x4xf32>) {
  %high_init = stablehlo.constant dense<0> : tensor<i32>
  %high = stablehlo.reduce(%k init: %high_init) applies stablehlo.maximum across dimensions = [0] : (tensor<8xi32>, tensor<i32>) -> tensor<i32>
  %b:1 = "stablehlo.case"(%high) ({
    %t = stablehlo.tanh %x : tensor<8x4xf32>
    stablehlo.return %t : tensor<8x4xf32>
  }, {
    %t = stablehlo.sine %x : tensor<8x4xf32>
    stablehlo.return %t : tensor<8x4xf32>
  }, {
    stablehlo.return %x : tensor<8x4xf32>
  }) : (tensor<i32>) -> (tensor<8x4xf32>)
  return %b : tensor<8x4xf32>
}
