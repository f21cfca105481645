// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %p: tensor<f32>) -> (tensor<16x4xf32>) {
  %y = stablehlo.pad %x, %p, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<16x4xf32>
  return %y : tensor<16x4xf32>
}
