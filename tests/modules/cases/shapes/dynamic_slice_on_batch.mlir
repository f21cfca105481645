// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %i: tensor<i32>) -> (tensor<2x4xf32>) {
  %z = stablehlo.constant dense<0> : tensor<i32>
  %y = stablehlo.dynamic_slice %x, %i, %z, sizes = [2, 4] : (tensor<8x4xf32>, tensor<i32>, tensor<i32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
