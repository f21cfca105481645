// want: equal
// computed: refused
// batch: 0
func.func @main(%x: tensor<8x4xf32>, %k: tensor<3xi32>) -> (tensor<8x3xf32>) {
  %y = "stablehlo.torch_index_select"(%x, %k) {dim = 1 : i64, batch_dims = 0 : i64} : (tensor<8x4xf32>, tensor<3xi32>) -> tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}
