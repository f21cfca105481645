// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %u: tensor<2x4xf32>, %i: tensor<i32>) -> (tensor<8x4xf32>) {
  %z = stablehlo.constant dense<0> : tensor<i32>
  %y = stablehlo.dynamic_update_slice %x, %u, %i, %z : (tensor<8x4xf32>, tensor<2x4xf32>, tensor<i32>, tensor<i32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
