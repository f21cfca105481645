// want: equal
// batch: 0
func.func @main(%x: tensor<8xf32>) -> (tensor<f32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c1 = stablehlo.constant dense<1> : tensor<i32>
  %c3 = stablehlo.constant dense<3> : tensor<i32>
  %z = stablehlo.constant dense<-1.5> : tensor<f32>
  %l:2 = stablehlo.while(%i = %c0, %a = %z) : tensor<i32>, tensor<f32>
  cond {
    %p = stablehlo.compare LT, %i, %c3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  }
  do {
    %j = stablehlo.add %i, %c1 : tensor<i32>
    %s_init = stablehlo.constant dense<-3.0> : tensor<f32>
    %s = stablehlo.reduce(%x init: %s_init) applies stablehlo.maximum across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
    %n = stablehlo.maximum %a, %s : tensor<f32>
    stablehlo.return %j, %n : tensor<i32>, tensor<f32>
  }
  %y = stablehlo.tanh %l#1 : tensor<f32>
  return %y : tensor<f32>
}
