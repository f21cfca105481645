// partition: 2x4
func.func @main(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>, %n: tensor<i32>) -> (tensor<8x8xf32>) {
  %y = "stablehlo.case"(%n) ({
    %d = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
    stablehlo.return %d : tensor<8x8xf32>
  },{
    %e = stablehlo.add %x, %w : tensor<8x8xf32>
    stablehlo.return %e : tensor<8x8xf32>
  }, {
    stablehlo.return %x : tensor<8x8xf32>
  }) : (tensor<i32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
