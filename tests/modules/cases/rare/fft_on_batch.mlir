// want: refused
// batch: 0
func.func @main(%x: tensor<8x4xcomplex<f32>>) -> (tensor<4x8xcomplex<f32>>) {
  %e = stablehlo.tanh %x : tensor<8x4xcomplex<f32>>
  %t = stablehlo.transpose %e, dims = [1, 0] : (tensor<8x4xcomplex<f32>>) -> tensor<4x8xcomplex<f32>>
  %y = stablehlo.fft %t, type = FFT, length = [8] : (tensor<4x8xcomplex<f32>>) -> tensor<4x8xcomplex<f32>>
  return %y : tensor<4x8xcomplex<f32>>
}
