// RUN: %opt %s -p assign-roles --split-input-file | FileCheck %s

// CHECK:       module attributes {mw.batch_size = 8 : i64}
// CHECK-LABEL: func.func @main
// CHECK-SAME:    tensor<4xf32> {mw.how = "donated to result 0", mw.index = 0 : i64, mw.name = "", mw.role = "parameter", mw.state_result = 0 : i64
// CHECK-SAME:    tensor<4xf32> {mw.how = "donated to result 1", {{.*}} mw.role = "optimizer", mw.state_result = 1 : i64
// CHECK-SAME:    tensor<i32> {{{.*}} mw.role = "state", mw.state_result = 2 : i64
// CHECK-SAME:    tensor<8x4xf32> {{{.*}} mw.role = "batch"
// CHECK-SAME:    tensor<f32> {{{.*}} mw.role = "constant"
// CHECK-SAME:    -> (tensor<4xf32> {{{.*}} mw.role = "state", mw.state_arg = 0 : i64}
// CHECK-SAME:    tensor<f32> {{{.*}} mw.role = "loss"}
// CHECK-SAME:    tensor<8x4xf32> {{{.*}} mw.role = "output"}
func.func @main(
    %parameter: tensor<4xf32> {tf.aliasing_output = 0 : i32},
    %momentum: tensor<4xf32> {tf.aliasing_output = 1 : i32},
    %count: tensor<i32> {tf.aliasing_output = 2 : i32},
    %batch: tensor<8x4xf32>,
    %rate: tensor<f32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<i32>, tensor<f32>, tensor<8x4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %w = stablehlo.broadcast_in_dim %parameter, dims = [1] : (tensor<4xf32>) -> tensor<8x4xf32>
  %out = stablehlo.multiply %batch, %w : tensor<8x4xf32>
  %loss = stablehlo.reduce(%out init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  %gradient = stablehlo.reduce(%batch init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
  %new_momentum = stablehlo.add %momentum, %gradient : tensor<4xf32>
  %rates = stablehlo.broadcast_in_dim %rate, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %update = stablehlo.multiply %new_momentum, %rates : tensor<4xf32>
  %new_parameter = stablehlo.subtract %parameter, %update : tensor<4xf32>
  %new_count = stablehlo.add %count, %one : tensor<i32>
  return %new_parameter, %new_momentum, %new_count, %loss, %out : tensor<4xf32>, tensor<4xf32>, tensor<i32>, tensor<f32>, tensor<8x4xf32>
}

// -----

// Two states of one type come back in the other order: jax aliases each with the first result of its type, the names say otherwise.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    mw.name = "p['w']", mw.role = "parameter", mw.state_result = 1 : i64
// CHECK-SAME:    mw.name = "m['w']", mw.role = "optimizer", mw.state_result = 0 : i64
func.func @main(
    %w: tensor<4xf32> {tf.aliasing_output = 0 : i32} loc("p['w']"),
    %m: tensor<4xf32> {tf.aliasing_output = 1 : i32} loc("m['w']"),
    %x: tensor<8x4xf32>) -> (
    tensor<4xf32> {jax.result_info = "result[0]['w']"},
    tensor<4xf32> {jax.result_info = "result[1]['w']"},
    tensor<f32> {jax.result_info = "result[2]"}) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %w, dims = [1] : (tensor<4xf32>) -> tensor<8x4xf32>
  %1 = stablehlo.multiply %x, %0 : tensor<8x4xf32>
  %loss = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  %gradient = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
  %new_m = stablehlo.add %m, %gradient : tensor<4xf32>
  %new_w = stablehlo.subtract %w, %new_m : tensor<4xf32>
  return %new_m, %new_w, %loss : tensor<4xf32>, tensor<4xf32>, tensor<f32>
}

// -----

// A forward-only program has no state, even where types match.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    tensor<4x4xf32> {{{.*}} mw.role = "constant"}
// CHECK-SAME:    tensor<8x4xf32> {{{.*}} mw.role = "batch"}
// CHECK-SAME:    -> (tensor<8x4xf32> {{{.*}} mw.role = "output"})
func.func @main(%weight: tensor<4x4xf32>, %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = stablehlo.dot_general %x, %weight, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
  %1 = stablehlo.add %x, %0 : tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

// A gradient has the name and the type of its parameter, but is no elementwise function of it.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    mw.name = "p['w']", mw.role = "constant"
func.func @main(%w: tensor<4xf32> loc("p['w']"), %x: tensor<8x4xf32> loc("x")) -> (
    tensor<f32> {jax.result_info = "result[0]"}, tensor<4xf32> {jax.result_info = "result[1]['w']"}) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.broadcast_in_dim %w, dims = [1] : (tensor<4xf32>) -> tensor<8x4xf32>
  %1 = stablehlo.multiply %x, %0 : tensor<8x4xf32>
  %loss = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  %gradient = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
  return %loss, %gradient : tensor<f32>, tensor<4xf32>
}
