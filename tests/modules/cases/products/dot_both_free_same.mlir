// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x8xf32>) {
  %y = stablehlo.dot_general %x, %x, contracting_dims = [1] x [1] : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
