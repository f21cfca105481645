// partition: 1x4
func.func @main(%x: tensor<8x8xf32>, %w: tensor<8x16xf32>, %v: tensor<16x8xf32>) -> (tensor<8x8xf32>, tensor<8x16xf32>) {
  %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  %a = stablehlo.tanh %h : tensor<8x16xf32>
  %y = stablehlo.dot_general %a, %v, contracting_dims = [1] x [0] : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
  return %y, %h : tensor<8x8xf32>, tensor<8x16xf32>
}
