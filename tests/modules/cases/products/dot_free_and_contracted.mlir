// want: equal
// computed: refused
// batch: 0 1
func.func @main(%x: tensor<8x8xf32>, %z: tensor<8x3xf32>) -> (tensor<8x3xf32>) {
  %y = stablehlo.dot_general %x, %z, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x3xf32>) -> tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}
