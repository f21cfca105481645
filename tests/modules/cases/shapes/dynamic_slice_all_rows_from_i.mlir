// want: equal
// batch: 0
// partition: 1x4
func.func @main(%x: tensor<8x4xf32>, %i: tensor<i32>) -> (tensor<8x2xf32>) {
  %z = stablehlo.constant dense<0> : tensor<i32>
  %y = stablehlo.dynamic_slice %x, %i, %z, sizes = [8, 2] : (tensor<8x4xf32>, tensor<i32>, tensor<i32>) -> tensor<8x2xf32>
  return %y : tensor<8x2xf32>
}
