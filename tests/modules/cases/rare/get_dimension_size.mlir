// computed: refused
// batch: 0
// partition: 2x2
func.func @main(%x: tensor<8x4xf32>) -> (tensor<i32>) {
  %y = "stablehlo.get_dimension_size"(%x) {dimension = 0 : i64} : (tensor<8x4xf32>) -> tensor<i32>
  return %y : tensor<i32>
}
