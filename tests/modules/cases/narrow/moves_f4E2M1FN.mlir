// partition: 2x4
func.func @main(%x: tensor<8x16x8xf4E2M1FN>, %z: tensor<8x16x8xf4E2M1FN>, %p: tensor<i1>) -> (tensor<8x16x8xf4E2M1FN>, tensor<8x8x16xf4E2M1FN>, tensor<8x16x8xf4E2M1FN>) {
  %a = stablehlo.reverse %x, dims = [2] : tensor<8x16x8xf4E2M1FN>
  %b = stablehlo.select %p, %a, %z : tensor<i1>, tensor<8x16x8xf4E2M1FN>
  %c = stablehlo.transpose %b, dims = [0, 2, 1] : (tensor<8x16x8xf4E2M1FN>) -> tensor<8x8x16xf4E2M1FN>
  %d = stablehlo.reshape %c : (tensor<8x8x16xf4E2M1FN>) -> tensor<64x16xf4E2M1FN>
  %e = stablehlo.reshape %d : (tensor<64x16xf4E2M1FN>) -> tensor<8x8x16xf4E2M1FN>
  %f = stablehlo.transpose %e, dims = [0, 2, 1] : (tensor<8x8x16xf4E2M1FN>) -> tensor<8x16x8xf4E2M1FN>
  return %b, %e, %f : tensor<8x16x8xf4E2M1FN>, tensor<8x8x16xf4E2M1FN>, tensor<8x16x8xf4E2M1FN>
}
