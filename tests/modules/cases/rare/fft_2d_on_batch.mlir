// want: refused
// batch: 0
func.func @main(%x: tensor<8x4xcomplex<f32>>) -> (tensor<8x4xcomplex<f32>>) {
  %e = stablehlo.tanh %x : tensor<8x4xcomplex<f32>>
  %y = stablehlo.fft %e, type = FFT, length = [8, 4] : (tensor<8x4xcomplex<f32>>) -> tensor<8x4xcomplex<f32>>
  return %y : tensor<8x4xcomplex<f32>>
}
