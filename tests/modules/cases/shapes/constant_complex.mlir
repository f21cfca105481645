// want: equal
// batch: 0
func.func @main(%x: tensor<4xcomplex<f32>>) -> (tensor<4xcomplex<f32>>) {
  %c = stablehlo.constant dense<[(0.,1.),(1.,2.),(2.,3.),(3.,5.)]> : tensor<4xcomplex<f32>>
  %y = stablehlo.add %x, %c : tensor<4xcomplex<f32>>
  return %y : tensor<4xcomplex<f32>>
}
