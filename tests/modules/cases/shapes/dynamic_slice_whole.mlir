// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %w: tensor<16x4xf32>, %i: tensor<i32>) -> (tensor<8x4xf32>) {
  %z = stablehlo.constant dense<0> : tensor<i32>
  %y = stablehlo.dynamic_slice %w, %i, %z, sizes = [8, 4] : (tensor<16x4xf32>, tensor<i32>, tensor<i32>) -> tensor<8x4xf32>
  %r = stablehlo.add %x, %y : tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}
