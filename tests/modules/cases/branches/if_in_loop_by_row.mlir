// want: refused
// batch: 0
// partition: 2x2
func.func @main(%x: tensor<8xf32>) -> (tensor<f32>) {
  %e = stablehlo.tanh %x : tensor<8xf32>
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %l:2 = stablehlo.while(%i = %c0, %h = %z) : tensor<i32>, tensor<f32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %q = stablehlo.dynamic_slice %e, %i, sizes = [1] : (tensor<8xf32>, tensor<i32>) -> tensor<1xf32>
    %v = stablehlo.reshape %q : (tensor<1xf32>) -> tensor<f32>
    %n = stablehlo.add %h, %v : tensor<f32>
    stablehlo.return %j, %n : tensor<i32>, tensor<f32>
  }
  return %l#1 : tensor<f32>
}
