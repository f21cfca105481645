// batch: 2 3
// loss: 2
// state: 0:0 1:1
// partition: no
func.func @main(%w: tensor<6x5xf32>, %q: tensor<7x6xi2>, %x: tensor<8x7xi2>, %y: tensor<8x5xf32>) -> (tensor<6x5xf32>, tensor<7x6xi2>, tensor<f32>) {
  %xf = stablehlo.convert %x : (tensor<8x7xi2>) -> tensor<8x7xf32>
  %qf = stablehlo.convert %q : (tensor<7x6xi2>) -> tensor<7x6xf32>
  %h = stablehlo.dot_general %xf, %qf, contracting_dims = [1] x [0] : (tensor<8x7xf32>, tensor<7x6xf32>) -> tensor<8x6xf32>
  %lo = stablehlo.constant dense<-2.0> : tensor<f32>
  %hi = stablehlo.constant dense<1.0> : tensor<f32>
  %c = stablehlo.clamp %lo, %h, %hi : (tensor<f32>, tensor<8x6xf32>, tensor<f32>) -> tensor<8x6xf32>
  %a = stablehlo.convert %c : (tensor<8x6xf32>) -> tensor<8x6xi2>
  %af = stablehlo.convert %a : (tensor<8x6xi2>) -> tensor<8x6xf32>
  %z = stablehlo.dot_general %af, %w, contracting_dims = [1] x [0] : (tensor<8x6xf32>, tensor<6x5xf32>) -> tensor<8x5xf32>
  %d = stablehlo.subtract %z, %y : tensor<8x5xf32>
  %dd = stablehlo.multiply %d, %d : tensor<8x5xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.reduce(%dd init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x5xf32>, tensor<f32>) -> tensor<f32>
  %n = stablehlo.constant dense<40.0> : tensor<f32>
  %loss = stablehlo.divide %s, %n : tensor<f32>
  %r = stablehlo.constant dense<0.001> : tensor<8x5xf32>
  %g = stablehlo.multiply %d, %r : tensor<8x5xf32>
  %dw = stablehlo.dot_general %af, %g, contracting_dims = [0] x [0] : (tensor<8x6xf32>, tensor<8x5xf32>) -> tensor<6x5xf32>
  %nw = stablehlo.subtract %w, %dw : tensor<6x5xf32>
  %nq = stablehlo.reverse %q, dims = [0] : tensor<7x6xi2>
  return %nw, %nq, %loss : tensor<6x5xf32>, tensor<7x6xi2>, tensor<f32>
}
