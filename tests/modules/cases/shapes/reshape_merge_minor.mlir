// want: equal
// batch: 0
func.func @main(%x: tensor<8x4xf32>) -> (tensor<32xf32>) {
  %t = stablehlo.transpose %x, dims = [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %y = stablehlo.reshape %t : (tensor<4x8xf32>) -> tensor<32xf32>
  return %y : tensor<32xf32>
}
