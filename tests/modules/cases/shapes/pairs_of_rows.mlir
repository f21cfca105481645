// want: equal
// computed: refused
// dear: refused
// batch: 0
func.func @main(%x: tensor<8xf32>) -> (tensor<8x8xf32>) {
  %a = stablehlo.broadcast_in_dim %x, dims = [0] : (tensor<8xf32>) -> tensor<8x8xf32>
  %b = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<8xf32>) -> tensor<8x8xf32>
  %y = stablehlo.add %a, %b : tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
