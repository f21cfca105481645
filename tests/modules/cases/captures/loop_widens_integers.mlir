// want: refused
// batch: 0
// partition: 2x4
func.func @main(%x: tensor<8x4xi8>, %w: tensor<4xi8>) -> (tensor<i32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %l:2 = stablehlo.while(%i = %c0, %h = %c0) : tensor<i32>, tensor<i32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %z8 = stablehlo.constant dense<120> : tensor<i8>
    %s = stablehlo.reduce(%x init: %z8) applies stablehlo.add across dimensions = [0] : (tensor<8x4xi8>, tensor<i8>) -> tensor<4xi8>
    %d = stablehlo.dot_general %s, %w, contracting_dims = [0] x [0] : (tensor<4xi8>, tensor<4xi8>) -> tensor<i32>
    %n = stablehlo.add %h, %d : tensor<i32>
    stablehlo.return %j, %n : tensor<i32>, tensor<i32>
  }
  return %l#1 : tensor<i32>
}
