// partition: 2
func.func @main(%x: tensor<8x16x8xf8E8M0FNU>, %z: tensor<8x16x8xf8E8M0FNU>, %p: tensor<i1>) -> (tensor<8x16x8xf8E8M0FNU>, tensor<8x8x16xf8E8M0FNU>, tensor<8x16x8xf8E8M0FNU>) {
  %a = stablehlo.reverse %x, dims = [2] : tensor<8x16x8xf8E8M0FNU>
  %b = stablehlo.select %p, %a, %z : tensor<i1>, tensor<8x16x8xf8E8M0FNU>
  %c = stablehlo.transpose %b, dims = [0, 2, 1] : (tensor<8x16x8xf8E8M0FNU>) -> tensor<8x8x16xf8E8M0FNU>
  %d = stablehlo.reshape %c : (tensor<8x8x16xf8E8M0FNU>) -> tensor<64x16xf8E8M0FNU>
  %e = stablehlo.reshape %d : (tensor<64x16xf8E8M0FNU>) -> tensor<8x8x16xf8E8M0FNU>
  %f = stablehlo.transpose %e, dims = [0, 2, 1] : (tensor<8x8x16xf8E8M0FNU>) -> tensor<8x16x8xf8E8M0FNU>
  return %b, %e, %f : tensor<8x16x8xf8E8M0FNU>, tensor<8x8x16xf8E8M0FNU>, tensor<8x16x8xf8E8M0FNU>
}
