// want: refused
// batch: 1
// partition: no
func.func @main(%w: tensor<4xf8E8M0FNU>, %x: tensor<8x4xf8E8M0FNU>) -> tensor<4xf8E8M0FNU> {
  %i = stablehlo.constant dense<1.0> : tensor<f8E8M0FNU>
  %s = stablehlo.reduce(%x init: %i) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf8E8M0FNU>, tensor<f8E8M0FNU>) -> tensor<4xf8E8M0FNU>
  return %s : tensor<4xf8E8M0FNU>
}
