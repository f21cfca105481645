// partition: 2
func.func @main(%x: tensor<8x8xf32>, %u: tensor<3x5xf32>, %a: tensor<i32>, %b: tensor<i32>) -> (tensor<8x8xf32>) {
  %y = stablehlo.dynamic_update_slice %x, %u, %a, %b : (tensor<8x8xf32>, tensor<3x5xf32>, tensor<i32>, tensor<i32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
