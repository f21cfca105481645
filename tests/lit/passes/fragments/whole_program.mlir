// RUN: %opt %s -p 'assign-roles,whole-program' | FileCheck %s
// RUN: not %opt %s -p 'whole-program' 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: error: pass whole-program: @main's arguments and results have no roles; run assign-roles first

// One fragment that runs once a step; what is fed back keeps its index, the batch has rows.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    %arg0: tensor<4xf32> {{{.*}}mw.state_result = 0 : i64, mw.value = "arg0", mw.value_dim = -1 : i64
// CHECK-SAME:    %arg1: tensor<8x4xf32> {{{.*}}mw.role = "batch", mw.value = "batch1", mw.value_dim = 0 : i64
// CHECK-SAME:    -> (tensor<4xf32> {{{.*}}mw.value = "v0", mw.value_dim = -1 : i64
// CHECK-SAME:        tensor<f32> {{{.*}}mw.role = "loss", mw.value = "v1"
// CHECK-SAME:    attributes {mw.phase = "update", mw.stage = 0 : i64}
func.func @main(%w: tensor<4xf32> {tf.aliasing_output = 0 : i32}, %x: tensor<8x4xf32>) -> (tensor<4xf32>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %loss = stablehlo.reduce(%0 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  %g = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
  %new = stablehlo.subtract %w, %g : tensor<4xf32>
  return %new, %loss : tensor<4xf32>, tensor<f32>
}
