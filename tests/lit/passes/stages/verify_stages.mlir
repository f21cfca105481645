// RUN: %opt %s -p verify-stages --split-input-file | FileCheck %s

// Forward to later stages, backward to earlier ones, from forward to backward anywhere; folds and updates are free. Nothing is changed.
// CHECK-LABEL: module @all_allowed_ways
// CHECK:         stablehlo.subtract {{.*}} {mw.phase = "update", mw.stage = 0 : i64}
module @all_allowed_ways attributes {mw.num_stages = 2 : i64} {
  func.func @main(%w: tensor<4xf32> {mw.role = "parameter", mw.state_result = 0 : i64}, %x: tensor<4xf32> {mw.role = "batch"}) -> (tensor<4xf32> {mw.role = "state"}) {
    %0 = stablehlo.tanh %x {mw.batch_dim = array<i64: 0>, mw.phase = "forward", mw.stage = 0 : i64} : tensor<4xf32>
    %1 = stablehlo.tanh %0 {mw.batch_dim = array<i64: 0>, mw.phase = "forward", mw.stage = 1 : i64} : tensor<4xf32>
    %2 = stablehlo.add %1, %0 {mw.batch_dim = array<i64: 0>, mw.phase = "backward", mw.stage = 1 : i64} : tensor<4xf32>
    %3 = stablehlo.add %2, %1 {mw.batch_dim = array<i64: 0>, mw.phase = "backward", mw.stage = 0 : i64} : tensor<4xf32>
    %4 = stablehlo.custom_call @mw.accumulate(%2) {mw.kind = "sum", mw.phase = "backward", mw.stage = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
    %5 = stablehlo.custom_call @mw.accumulate(%3) {mw.kind = "sum", mw.phase = "backward", mw.stage = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
    %6 = stablehlo.add %4, %5 {mw.phase = "update", mw.stage = 1 : i64} : tensor<4xf32>
    %7 = stablehlo.subtract %w, %6 {mw.phase = "update", mw.stage = 0 : i64} : tensor<4xf32>
    return %7 : tensor<4xf32>
  }
}

// -----

// Ops that every fragment copies need no stage, and may be read from anywhere.
// CHECK-LABEL: module @copied_constant
// CHECK:         stablehlo.tanh
module @copied_constant attributes {mw.num_stages = 2 : i64} {
  func.func @main(%x: tensor<f32> {mw.role = "batch"}) -> (tensor<f32> {mw.role = "output"}, tensor<f32> {mw.role = "output"}) {
    %c = stablehlo.constant {mw.phase = "update"} dense<1.0> : tensor<f32>
    %0 = stablehlo.add %x, %c {mw.batch_dim = array<i64: -1>, mw.phase = "forward", mw.stage = 0 : i64} : tensor<f32>
    %1 = stablehlo.tanh %c {mw.batch_dim = array<i64: -1>, mw.phase = "backward", mw.stage = 1 : i64} : tensor<f32>
    return %0, %1 : tensor<f32>, tensor<f32>
  }
}
