// want: kept
func.func @main(%x: tensor<2x8x8xcomplex<f32>>, %z: tensor<complex<f32>>) -> (tensor<2x8x8xcomplex<f32>>) {
  %c = stablehlo.constant dense<(0.0,0.0)> : tensor<complex<f32>>
  %p = stablehlo.pad %x, %c, low = [0, 1, 1], high = [0, 1, 1], interior = [0, 0, 0] : (tensor<2x8x8xcomplex<f32>>, tensor<complex<f32>>) -> tensor<2x10x10xcomplex<f32>>
  %y = "stablehlo.reduce_window"(%p, %c) <{window_dimensions = array<i64: 1, 3, 3>}> ({
  ^bb0(%a: tensor<complex<f32>>, %b: tensor<complex<f32>>):
    %s = stablehlo.add %a, %b : tensor<complex<f32>>
    stablehlo.return %s : tensor<complex<f32>>
  }) : (tensor<2x10x10xcomplex<f32>>, tensor<complex<f32>>) -> tensor<2x8x8xcomplex<f32>>
  return %y : tensor<2x8x8xcomplex<f32>>
}
