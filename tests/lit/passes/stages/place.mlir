// RUN: %opt %s -p place --split-input-file | FileCheck %s

// The forward is cut between the layers; each weight's gradient and update sit where the weight is read.
// CHECK-LABEL: module @mlp_sgd
module @mlp_sgd attributes {mw.num_stages = 2 : i64, mw.microbatches = 4 : i64} {
  func.func @main(
      %w1: tensor<64x128xf32> {mw.role = "parameter", mw.state_result = 0 : i64}, %w2: tensor<128x32xf32> {mw.role = "parameter", mw.state_result = 1 : i64},
      %x: tensor<4x64xf32> {mw.role = "batch"}, %y: tensor<4x32xf32> {mw.role = "batch"})
      -> (tensor<64x128xf32> {mw.role = "state"}, tensor<128x32xf32> {mw.role = "state"}, tensor<f32> {mw.role = "loss"}) {
    // A generator is copied into every fragment that reads it: no stage.
    // CHECK:         stablehlo.constant {mw.phase = "setup"}
    %zero = stablehlo.constant {mw.phase = "setup"} dense<0.0> : tensor<f32>
    %a = stablehlo.dot_general %x, %w1, contracting_dims = [1] x [0] {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : (tensor<4x64xf32>, tensor<64x128xf32>) -> tensor<4x128xf32>
    %h = stablehlo.tanh %a {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : tensor<4x128xf32>
    %p = stablehlo.dot_general %h, %w2, contracting_dims = [1] x [0] {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : (tensor<4x128xf32>, tensor<128x32xf32>) -> tensor<4x32xf32>
    %e = stablehlo.subtract %p, %y {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : tensor<4x32xf32>
    %part = stablehlo.reduce(%e init: %zero) applies stablehlo.add across dimensions = [0, 1] {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: -1>} : (tensor<4x32xf32>, tensor<f32>) -> tensor<f32>
    // CHECK:         stablehlo.custom_call @mw.accumulate{{.*}} mw.stage = 1 : i64
    %loss = stablehlo.custom_call @mw.accumulate(%part) {mw.kind = "sum", mw.phase = "forward"} : (tensor<f32>) -> tensor<f32>
    // CHECK-NEXT:    stablehlo.add {{.*}} mw.phase = "backward", mw.stage = 1 : i64
    %dp = stablehlo.add %e, %e {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : tensor<4x32xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %dw2 = stablehlo.dot_general %h, %dp, contracting_dims = [0] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: -1>} : (tensor<4x128xf32>, tensor<4x32xf32>) -> tensor<128x32xf32>
    // CHECK-NEXT:    stablehlo.custom_call @mw.accumulate{{.*}} mw.stage = 1 : i64
    %s2 = stablehlo.custom_call @mw.accumulate(%dw2) {mw.kind = "sum", mw.phase = "backward"} : (tensor<128x32xf32>) -> tensor<128x32xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %dh = stablehlo.dot_general %dp, %w2, contracting_dims = [1] x [1] {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : (tensor<4x32xf32>, tensor<128x32xf32>) -> tensor<4x128xf32>
    // CHECK-NEXT:    stablehlo.multiply {{.*}} mw.phase = "backward", mw.stage = 0 : i64
    %da = stablehlo.multiply %dh, %h {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : tensor<4x128xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %dw1 = stablehlo.dot_general %x, %da, contracting_dims = [0] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: -1>} : (tensor<4x64xf32>, tensor<4x128xf32>) -> tensor<64x128xf32>
    // CHECK-NEXT:    stablehlo.custom_call @mw.accumulate{{.*}} mw.stage = 0 : i64
    %s1 = stablehlo.custom_call @mw.accumulate(%dw1) {mw.kind = "sum", mw.phase = "backward"} : (tensor<64x128xf32>) -> tensor<64x128xf32>
    // CHECK-NEXT:    stablehlo.subtract {{.*}} {mw.phase = "update", mw.stage = 0 : i64} : tensor<64x128xf32>
    %n1 = stablehlo.subtract %w1, %s1 {mw.phase = "update"} : tensor<64x128xf32>
    // CHECK-NEXT:    stablehlo.subtract {{.*}} {mw.phase = "update", mw.stage = 1 : i64} : tensor<128x32xf32>
    %n2 = stablehlo.subtract %w2, %s2 {mw.phase = "update"} : tensor<128x32xf32>
    return %n1, %n2, %loss : tensor<64x128xf32>, tensor<128x32xf32>, tensor<f32>
  }
}

// -----

// One weight read by the first and the last of three stages lives on one of them. Both gradients are made there: the batch can
// be fed to any stage, so the weight is all that travels.
// CHECK-LABEL: module @tied_weights
module @tied_weights attributes {mw.num_stages = 3 : i64, mw.microbatches = 4 : i64} {
  func.func @main(%w: tensor<64x64xf32> {mw.role = "parameter", mw.state_result = 0 : i64}, %x: tensor<4x64xf32> {mw.role = "batch"})
      -> (tensor<64x64xf32> {mw.role = "state"}, tensor<4x64xf32> {mw.role = "output"}) {
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : (tensor<4x64xf32>, tensor<64x64xf32>) -> tensor<4x64xf32>
    %1 = stablehlo.tanh %0 {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : tensor<4x64xf32>
    %2 = stablehlo.dot_general %1, %w, contracting_dims = [1] x [1] {mw.phase = "forward", mw.stage = 2 : i64, mw.batch_dim = array<i64: 0>} : (tensor<4x64xf32>, tensor<64x64xf32>) -> tensor<4x64xf32>
    // CHECK:         stablehlo.dot_general {{.*}} mw.phase = "backward", mw.stage = 2 : i64
    %out = stablehlo.dot_general %2, %1, contracting_dims = [0] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: -1>} : (tensor<4x64xf32>, tensor<4x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.custom_call @mw.accumulate{{.*}} mw.stage = 2 : i64
    %s_out = stablehlo.custom_call @mw.accumulate(%out) {mw.kind = "sum", mw.phase = "backward"} : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %dh = stablehlo.dot_general %2, %w, contracting_dims = [1] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : (tensor<4x64xf32>, tensor<64x64xf32>) -> tensor<4x64xf32>
    // CHECK:         stablehlo.dot_general {{.*}} {mw.batch_dim = array<i64: -1>, mw.phase = "backward", mw.stage = 2 : i64
    %in = stablehlo.dot_general %x, %dh, contracting_dims = [0] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: -1>} : (tensor<4x64xf32>, tensor<4x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.custom_call @mw.accumulate{{.*}} mw.stage = 2 : i64
    %s_in = stablehlo.custom_call @mw.accumulate(%in) {mw.kind = "sum", mw.phase = "backward"} : (tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.add {{.*}} mw.stage = 2 : i64
    %s = stablehlo.add %s_in, %s_out {mw.phase = "update"} : tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.subtract {{.*}} mw.stage = 2 : i64
    %n = stablehlo.subtract %w, %s {mw.phase = "update"} : tensor<64x64xf32>
    return %n, %2 : tensor<64x64xf32>, tensor<4x64xf32>
  }
}

// -----

// Adam's counter, and what is computed from it, costs less to count than to send: every stage has its own.
// CHECK-LABEL: module @step_counter_is_replicated
// CHECK:         stablehlo.add {{.*}} {mw.phase = "update"} : tensor<i32>
// CHECK-NEXT:    stablehlo.convert {{.*}} {mw.phase = "update"} :
// CHECK-NEXT:    stablehlo.power {{.*}} {mw.phase = "update"} :
// CHECK-NEXT:    stablehlo.tanh
module @step_counter_is_replicated attributes {mw.num_stages = 2 : i64} {
  func.func @main(%count: tensor<i32> {mw.role = "state", mw.state_result = 0 : i64}, %x: tensor<4xf32> {mw.role = "batch"})
      -> (tensor<i32> {mw.role = "state"}, tensor<f32> {mw.role = "output"}, tensor<4xf32> {mw.role = "output"}) {
    %one = stablehlo.constant {mw.phase = "update"} dense<1> : tensor<i32>
    %b1 = stablehlo.constant {mw.phase = "update"} dense<0.9> : tensor<f32>
    %n = stablehlo.add %count, %one {mw.phase = "update"} : tensor<i32>
    %f = stablehlo.convert %n {mw.phase = "update"} : (tensor<i32>) -> tensor<f32>
    %c = stablehlo.power %b1, %f {mw.phase = "update"} : tensor<f32>
    %0 = stablehlo.tanh %x {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : tensor<4xf32>
    return %n, %c, %0 : tensor<i32>, tensor<f32>, tensor<4xf32>
  }
}

// -----

// A counter that only counts the steps that went well follows a sum over the batch: it has one home.
// CHECK-LABEL: module @counter_of_good_steps_is_not
// CHECK:         stablehlo.add {{.*}} {mw.phase = "update", mw.stage = 1 : i64} : tensor<i32>
module @counter_of_good_steps_is_not attributes {mw.num_stages = 2 : i64} {
  func.func @main(%count: tensor<i32> {mw.role = "state", mw.state_result = 0 : i64}, %x: tensor<4xi32> {mw.role = "batch"}) -> (tensor<i32> {mw.role = "state"}) {
    %zero = stablehlo.constant {mw.phase = "setup"} dense<0> : tensor<i32>
    %part = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: -1>} : (tensor<4xi32>, tensor<i32>) -> tensor<i32>
    %good = stablehlo.custom_call @mw.accumulate(%part) {mw.kind = "sum", mw.phase = "forward"} : (tensor<i32>) -> tensor<i32>
    %n = stablehlo.add %count, %good {mw.phase = "update"} : tensor<i32>
    return %n : tensor<i32>
  }
}

// -----

// A stage that 'choose-stages' wrote on an op that every fragment copies is taken back.
// CHECK-LABEL: module @copied_op_loses_its_stage
// CHECK:         stablehlo.iota {{.*}} {mw.phase = "forward"}
module @copied_op_loses_its_stage attributes {mw.num_stages = 2 : i64} {
  func.func @main() -> (tensor<4096xf32> {mw.role = "loss"}) {
    %0 = stablehlo.iota dim = 0 {mw.phase = "forward", mw.stage = 0 : i64} : tensor<4096xf32>
    return %0 : tensor<4096xf32>
  }
}

// -----

// One stage: no solver is asked.
// CHECK-LABEL: module @one_stage
// CHECK:         stablehlo.tanh {{.*}} mw.stage = 0 : i64
module @one_stage attributes {mw.num_stages = 1 : i64} {
  func.func @main(%x: tensor<4xf32> {mw.role = "batch"}) -> (tensor<4xf32> {mw.role = "output"}) {
    %0 = stablehlo.tanh %x {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

// The rows of an argument that are returned as they are can be collected anywhere.
// CHECK-LABEL: module @rows_of_an_argument_returned
// CHECK:         stablehlo.custom_call @mw.collect{{.*}} mw.stage = {{[01]}} : i64
module @rows_of_an_argument_returned attributes {mw.num_stages = 2 : i64} {
  func.func @main(%x: tensor<2xf32> {mw.role = "batch"}) -> (tensor<8xf32> {mw.role = "output"}) {
    %0 = stablehlo.custom_call @mw.collect(%x) {mw.dim = 0 : i64, mw.phase = "forward"} : (tensor<2xf32>) -> tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}

// -----

// A norm over gradients of two stages: each stage squares its own, one adds, and the factor goes back.
// CHECK-LABEL: module @norm_over_two_stages
module @norm_over_two_stages attributes {mw.num_stages = 2 : i64, mw.microbatches = 2 : i64} {
  func.func @main(%w0: tensor<1024xf32> {mw.role = "parameter", mw.state_result = 0 : i64}, %w1: tensor<1024xf32> {mw.role = "parameter", mw.state_result = 1 : i64},
      %x: tensor<1024xf32> {mw.role = "batch"}) -> (tensor<1024xf32> {mw.role = "state"}, tensor<1024xf32> {mw.role = "state"}) {
    %zero = stablehlo.constant {mw.phase = "update"} dense<0.0> : tensor<f32>
    %0 = stablehlo.multiply %x, %w0 {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : tensor<1024xf32>
    %1 = stablehlo.multiply %0, %w1 {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : tensor<1024xf32>
    %s1 = stablehlo.custom_call @mw.accumulate(%1) {mw.kind = "sum", mw.phase = "forward"} : (tensor<1024xf32>) -> tensor<1024xf32>
    %s0 = stablehlo.custom_call @mw.accumulate(%0) {mw.kind = "sum", mw.phase = "forward"} : (tensor<1024xf32>) -> tensor<1024xf32>
    // CHECK:         stablehlo.reduce({{.*}} mw.stage = 0 : i64
    %n0 = stablehlo.reduce(%s0 init: %zero) applies stablehlo.add across dimensions = [0] {mw.phase = "update"} : (tensor<1024xf32>, tensor<f32>) -> tensor<f32>
    // CHECK-NEXT:    stablehlo.reduce({{.*}} mw.stage = 1 : i64
    %n1 = stablehlo.reduce(%s1 init: %zero) applies stablehlo.add across dimensions = [0] {mw.phase = "update"} : (tensor<1024xf32>, tensor<f32>) -> tensor<f32>
    %norm = stablehlo.add %n0, %n1 {mw.phase = "update"} : tensor<f32>
    // CHECK:         stablehlo.broadcast_in_dim {{.*}} mw.stage = 0 : i64
    %b0 = stablehlo.broadcast_in_dim %norm, dims = [] {mw.phase = "update"} : (tensor<f32>) -> tensor<1024xf32>
    // CHECK-NEXT:    stablehlo.divide {{.*}} mw.stage = 0 : i64
    %u0 = stablehlo.divide %s0, %b0 {mw.phase = "update"} : tensor<1024xf32>
    // CHECK-NEXT:    stablehlo.broadcast_in_dim {{.*}} mw.stage = 1 : i64
    %b1 = stablehlo.broadcast_in_dim %norm, dims = [] {mw.phase = "update"} : (tensor<f32>) -> tensor<1024xf32>
    // CHECK-NEXT:    stablehlo.divide {{.*}} mw.stage = 1 : i64
    %u1 = stablehlo.divide %s1, %b1 {mw.phase = "update"} : tensor<1024xf32>
    %m0 = stablehlo.subtract %w0, %u0 {mw.phase = "update"} : tensor<1024xf32>
    %m1 = stablehlo.subtract %w1, %u1 {mw.phase = "update"} : tensor<1024xf32>
    return %m0, %m1 : tensor<1024xf32>, tensor<1024xf32>
  }
}
