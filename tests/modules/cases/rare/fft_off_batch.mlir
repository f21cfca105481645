// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xcomplex<f32>>) -> (tensor<8x4xcomplex<f32>>) {
  %y = stablehlo.fft %x, type = FFT, length = [4] : (tensor<8x4xcomplex<f32>>) -> tensor<8x4xcomplex<f32>>
  return %y : tensor<8x4xcomplex<f32>>
}
