// computed: refused
// batch: 0
func.func @main(%x: tensor<8x3xf32>) -> (tensor<8x8xf32>) {
  %q = stablehlo.dot_general %x, %x, contracting_dims = [1] x [1] : (tensor<8x3xf32>, tensor<8x3xf32>) -> tensor<8x8xf32>
  %c = stablehlo.iota dim = 0 : tensor<8x8xi32>
  %d = stablehlo.iota dim = 1 : tensor<8x8xi32>
  %e = stablehlo.compare EQ, %c, %d : (tensor<8x8xi32>, tensor<8x8xi32>) -> tensor<8x8xi1>
  %f = stablehlo.convert %e : (tensor<8x8xi1>) -> tensor<8x8xf32>
  %a = stablehlo.add %q, %f : tensor<8x8xf32>
  %y = stablehlo.cholesky %a, lower = true : tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
