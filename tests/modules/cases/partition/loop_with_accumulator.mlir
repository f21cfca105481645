// partition: 2x2x2
func.func @main(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>, %n: tensor<i32>) -> (tensor<8x8xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<8x8xf32>
  %o = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %four = stablehlo.constant dense<4> : tensor<i32>
  %r:3 = stablehlo.while(%a = %z, %b = %x, %i = %o) : tensor<8x8xf32>, tensor<8x8xf32>, tensor<i32> cond {
    %c = stablehlo.compare LT, %i, %four : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %c : tensor<i1>
  } do {
    %d = stablehlo.dot_general %b, %w, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
    %t = stablehlo.tanh %d : tensor<8x8xf32>
    %s = stablehlo.add %a, %d : tensor<8x8xf32>
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %s, %t, %j : tensor<8x8xf32>, tensor<8x8xf32>, tensor<i32>
  }
  %y = stablehlo.negate %r#0 : tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
