// want: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %p: tensor<f32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %e = stablehlo.tanh %x : tensor<8x4xf32>
  %y = stablehlo.pad %e, %p, low = [1, 0], high = [-1, 0], interior = [0, 0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  return %y, %e : tensor<8x4xf32>, tensor<8x4xf32>
}
