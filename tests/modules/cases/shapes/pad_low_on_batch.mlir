// want: equal
// computed: refused
// batch: 0
// partition: 2x2
func.func @main(%x: tensor<8x4xf32>, %p: tensor<f32>) -> (tensor<9x4xf32>) {
  %y = stablehlo.pad %x, %p, low = [1, 0], high = [0, 0], interior = [0, 0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<9x4xf32>
  return %y : tensor<9x4xf32>
}
