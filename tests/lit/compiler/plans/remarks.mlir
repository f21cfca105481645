// RUN: %compiler plan %s -o %t --hosts 1 --devices-per-host 4 --mesh 2x2 --machine %S/../../../modules/slow-devices.toml | FileCheck %s

// What runs whole on every device is said, by op and line, and so is a dim that no axis divides.
// CHECK: remark: mesh0: rng_bit_generator at noise.py:7 runs whole on every device: no way to split it is known
// CHECK: remark: mesh0: size 33 divides over no axis of x=2, y=2, so that dim stays whole: dim 1 of argument 0
func.func @main(%w: tensor<8x33xf32> {tf.aliasing_output = 0 : i32}, %key: tensor<2xui64> {tf.aliasing_output = 1 : i32}, %x: tensor<8x8xf32>)
    -> (tensor<8x33xf32>, tensor<2xui64>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %next, %bits = stablehlo.rng_bit_generator %key, algorithm = THREE_FRY : (tensor<2xui64>) -> (tensor<2xui64>, tensor<8x33xui32>) loc("noise.py":7:0)
  %noise = stablehlo.convert %bits : (tensor<8x33xui32>) -> tensor<8x33xf32>
  %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x33xf32>) -> tensor<8x33xf32>
  %loss = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x33xf32>, tensor<f32>) -> tensor<f32>
  %g = stablehlo.dot_general %x, %h, contracting_dims = [0] x [0] : (tensor<8x8xf32>, tensor<8x33xf32>) -> tensor<8x33xf32>
  %step = stablehlo.add %g, %noise : tensor<8x33xf32>
  %new = stablehlo.subtract %w, %step : tensor<8x33xf32>
  return %new, %next, %loss : tensor<8x33xf32>, tensor<2xui64>, tensor<f32>
}
