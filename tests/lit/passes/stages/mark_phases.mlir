// RUN: %opt %s -p mark-phases --split-input-file | FileCheck %s

// One linear layer as 'microbatch' leaves it.
// CHECK-LABEL: module @forward_backward_update
module @forward_backward_update {
  func.func @main(%w: tensor<4x2xf32>, %x: tensor<2x4xf32> {mw.role = "batch"}, %index: tensor<i32> {mw.role = "microbatch"})
      -> (tensor<4x2xf32> {mw.role = "state"}, tensor<f32> {mw.role = "loss"}) {
    // CHECK:         stablehlo.constant {mw.phase = "setup"} dense<0.000000e+00>
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    // CHECK-NEXT:    stablehlo.constant {mw.phase = "update"} dense<1.000000e-01>
    %rate = stablehlo.constant dense<0.1> : tensor<4x2xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.phase = "forward"
    %p = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {mw.batch_dim = array<i64: 0>} : (tensor<2x4xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
    // CHECK-NEXT:    stablehlo.multiply {{.*}} mw.phase = "forward"
    %sq = stablehlo.multiply %p, %p {mw.batch_dim = array<i64: 0>} : tensor<2x2xf32>
    // CHECK-NEXT:    stablehlo.reduce{{.*}} mw.phase = "forward"
    %part = stablehlo.reduce(%sq init: %zero) applies stablehlo.add across dimensions = [0, 1] {mw.batch_dim = array<i64: -1>} : (tensor<2x2xf32>, tensor<f32>) -> tensor<f32>
    // CHECK-NEXT:    stablehlo.custom_call @mw.accumulate{{.*}} mw.phase = "forward"
    %loss = stablehlo.custom_call @mw.accumulate(%part) {mw.kind = "sum"} : (tensor<f32>) -> tensor<f32>
    // CHECK-NEXT:    stablehlo.add {{.*}} mw.phase = "backward"
    %dp = stablehlo.add %p, %p {mw.batch_dim = array<i64: 0>} : tensor<2x2xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.phase = "backward"
    %dw = stablehlo.dot_general %x, %dp, contracting_dims = [0] x [0] {mw.batch_dim = array<i64: -1>} : (tensor<2x4xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
    // CHECK-NEXT:    stablehlo.custom_call @mw.accumulate{{.*}} mw.phase = "backward"
    %sum = stablehlo.custom_call @mw.accumulate(%dw) {mw.kind = "sum"} : (tensor<4x2xf32>) -> tensor<4x2xf32>
    // CHECK-NEXT:    stablehlo.multiply {{.*}} {mw.phase = "update"}
    %u = stablehlo.multiply %sum, %rate : tensor<4x2xf32>
    // CHECK-NEXT:    stablehlo.subtract {{.*}} {mw.phase = "update"}
    %n = stablehlo.subtract %w, %u : tensor<4x2xf32>
    return %n, %loss : tensor<4x2xf32>, tensor<f32>
  }
}

// -----

// What the batch does not touch and what reads it is done once, before the first microbatch.
// CHECK-LABEL: module @weight_cast_is_setup
// CHECK:         stablehlo.convert {{.*}} {mw.phase = "setup"}
// CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.phase = "forward"
module @weight_cast_is_setup {
  func.func @main(%w: tensor<4xf32>, %x: tensor<8x4xbf16> {mw.role = "batch"}) -> (tensor<8xbf16> {mw.role = "output"}) {
    %h = stablehlo.convert %w : (tensor<4xf32>) -> tensor<4xbf16>
    %p = stablehlo.dot_general %x, %h, contracting_dims = [1] x [0] {mw.batch_dim = array<i64: 0>} : (tensor<8x4xbf16>, tensor<4xbf16>) -> tensor<8xbf16>
    return %p : tensor<8xbf16>
  }
}

// -----

// A view goes where its reader is, and what it views stays in setup.
// CHECK-LABEL: module @view_follows_its_reader
// CHECK:         stablehlo.tanh {{.*}} {mw.phase = "setup"}
// CHECK-NEXT:    stablehlo.broadcast_in_dim {{.*}} {mw.phase = "forward"}
// CHECK-NEXT:    stablehlo.add {{.*}} mw.phase = "forward"
module @view_follows_its_reader {
  func.func @main(%b: tensor<4xf32>, %x: tensor<8x4xf32> {mw.role = "batch"}) -> (tensor<8x4xf32> {mw.role = "output"}) {
    %t = stablehlo.tanh %b : tensor<4xf32>
    %bs = stablehlo.broadcast_in_dim %t, dims = [1] : (tensor<4xf32>) -> tensor<8x4xf32>
    %0 = stablehlo.add %x, %bs {mw.batch_dim = array<i64: 0>} : tensor<8x4xf32>
    return %0 : tensor<8x4xf32>
  }
}

// -----

// A decayed weight does not see the batch: it is update, though the loss does not need it either.
// CHECK-LABEL: module @weight_decay_is_update
// CHECK:         stablehlo.tanh {{.*}} mw.phase = "forward"
// CHECK:         stablehlo.negate {{.*}} {mw.phase = "update"}
module @weight_decay_is_update {
  func.func @main(%w: tensor<4xf32>, %x: tensor<8x4xf32> {mw.role = "batch"}) -> (tensor<4xf32> {mw.role = "state"}, tensor<8x4xf32> {mw.role = "output"}) {
    %0 = stablehlo.tanh %x {mw.batch_dim = array<i64: 0>} : tensor<8x4xf32>
    %1 = stablehlo.negate %w : tensor<4xf32>
    return %1, %0 : tensor<4xf32>, tensor<8x4xf32>
  }
}

// -----

// What depends on the number of the microbatch has to run in each one.
// CHECK-LABEL: module @slice_at_the_microbatch_index
// CHECK:         stablehlo.dynamic_slice {{.*}} {mw.phase = "forward"}
// CHECK-NEXT:    stablehlo.add {{.*}} mw.phase = "forward"
module @slice_at_the_microbatch_index {
  func.func @main(%noise: tensor<8xf32>, %x: tensor<2xf32> {mw.role = "batch"}, %index: tensor<i32> {mw.role = "microbatch"}) -> (tensor<8xf32> {mw.role = "output"}) {
    %mine = stablehlo.dynamic_slice %noise, %index, sizes = [2] : (tensor<8xf32>, tensor<i32>) -> tensor<2xf32>
    %0 = stablehlo.add %x, %mine {mw.batch_dim = array<i64: 0>} : tensor<2xf32>
    %1 = stablehlo.custom_call @mw.collect(%0) {mw.dim = 0 : i64} : (tensor<2xf32>) -> tensor<8xf32>
    return %1 : tensor<8xf32>
  }
}

// -----

// CHECK-LABEL: module @no_loss_is_all_forward
// CHECK:         stablehlo.tanh {{.*}} mw.phase = "forward"
// CHECK-NEXT:    stablehlo.negate {{.*}} mw.phase = "forward"
module @no_loss_is_all_forward {
  func.func @main(%x: tensor<8xf32> {mw.role = "batch"}) -> (tensor<8xf32> {mw.role = "output"}) {
    %0 = stablehlo.tanh %x {mw.batch_dim = array<i64: 0>} : tensor<8xf32>
    %1 = stablehlo.negate %0 {mw.batch_dim = array<i64: 0>} : tensor<8xf32>
    return %1 : tensor<8xf32>
  }
}

// -----

// Without a batch there is still a loss and its derivative, but nothing to repeat: the derivative is update.
// CHECK-LABEL: module @no_batch
// CHECK:         stablehlo.multiply {{.*}} {mw.phase = "forward"}
// CHECK-NEXT:    stablehlo.add {{.*}} {mw.phase = "update"}
module @no_batch {
  func.func @main(%w: tensor<f32>) -> (tensor<f32> {mw.role = "state"}, tensor<f32> {mw.role = "loss"}) {
    %0 = stablehlo.multiply %w, %w : tensor<f32>
    %1 = stablehlo.add %w, %w : tensor<f32>
    return %1, %0 : tensor<f32>, tensor<f32>
  }
}

// -----

// Neither batch nor loss: once per step, all of it.
// CHECK-LABEL: module @no_batch_and_no_loss
// CHECK:         stablehlo.negate {{.*}} {mw.phase = "update"}
module @no_batch_and_no_loss {
  func.func @main(%w: tensor<f32>) -> (tensor<f32> {mw.role = "output"}) {
    %0 = stablehlo.negate %w : tensor<f32>
    return %0 : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @rows_of_an_argument_returned
// CHECK:         stablehlo.custom_call @mw.collect{{.*}} mw.phase = "forward"
module @rows_of_an_argument_returned {
  func.func @main(%x: tensor<2xf32> {mw.role = "batch"}, %index: tensor<i32> {mw.role = "microbatch"}) -> (tensor<8xf32> {mw.role = "output"}) {
    %0 = stablehlo.custom_call @mw.collect(%x) {mw.dim = 0 : i64} : (tensor<2xf32>) -> tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}

// -----

// A loss computed from two finished sums: the division is still needed by the loss, but runs once per step.
// CHECK-LABEL: module @loss_divided_after_the_sums
// CHECK:         stablehlo.reduce{{.*}} mw.phase = "forward"
// CHECK-NEXT:    stablehlo.custom_call @mw.accumulate{{.*}} mw.phase = "forward"
// CHECK-NEXT:    stablehlo.divide {{.*}} {mw.phase = "update"}
module @loss_divided_after_the_sums {
  func.func @main(%n: tensor<f32>, %x: tensor<2xf32> {mw.role = "batch"}) -> (tensor<f32> {mw.role = "loss"}) {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %part = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] {mw.batch_dim = array<i64: -1>} : (tensor<2xf32>, tensor<f32>) -> tensor<f32>
    %sum = stablehlo.custom_call @mw.accumulate(%part) {mw.kind = "sum"} : (tensor<f32>) -> tensor<f32>
    %loss = stablehlo.divide %sum, %n : tensor<f32>
    return %loss : tensor<f32>
  }
}

// -----

// A branch that reads the microbatch's number only from inside belongs to the microbatch as well.
// CHECK-LABEL: module @region_reads_the_microbatch_index
// CHECK:         "stablehlo.if"
// CHECK:         }) {mw.phase = "forward"}
module @region_reads_the_microbatch_index {
  func.func @main(%p: tensor<i1>, %index: tensor<i32> {mw.role = "microbatch"}) -> (tensor<i32> {mw.role = "output"}) {
    %0 = "stablehlo.if"(%p) ({
      stablehlo.return %index : tensor<i32>
    }, {
      %1 = stablehlo.negate %index : tensor<i32>
      stablehlo.return %1 : tensor<i32>
    }) : (tensor<i1>) -> tensor<i32>
    return %0 : tensor<i32>
  }
}

// -----

// A loss that never sees the batch is computed once, not once per microbatch.
// CHECK-LABEL: module @loss_without_the_batch
// CHECK:         stablehlo.multiply {{.*}} {mw.phase = "update"}
module @loss_without_the_batch attributes {mw.microbatches = 4 : i64} {
  func.func @main(%w: tensor<f32>, %x: tensor<2xf32> {mw.role = "batch"}) -> (tensor<f32> {mw.role = "loss"}) {
    %0 = stablehlo.multiply %w, %w : tensor<f32>
    return %0 : tensor<f32>
  }
}
