// want: equal
// batch: 0
// partition: 2x4
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x3xcomplex<f32>>) {
  %y = stablehlo.fft %x, type = RFFT, length = [4] : (tensor<8x4xf32>) -> tensor<8x3xcomplex<f32>>
  return %y : tensor<8x3xcomplex<f32>>
}
