// partition: 2x2
func.func @main(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<4xi1>, tensor<4xcomplex<f32>>) {
  %a = stablehlo.constant dense<[[1., 2., 3., 4.], [5., 6., 7., 8.]]> : tensor<2x4xf32>
  %b = stablehlo.constant dense<3.0> : tensor<2x4xf32>
  %c = stablehlo.constant dense<[true, false, true, true]> : tensor<4xi1>
  %d = stablehlo.constant dense<(1.0, 2.0)> : tensor<4xcomplex<f32>>
  %s = stablehlo.add %a, %b : tensor<2x4xf32>
  %y = stablehlo.multiply %s, %x : tensor<2x4xf32>
  return %y, %a, %b, %c, %d : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<4xi1>, tensor<4xcomplex<f32>>
}
