// RUN: %opt %s -p 'choose-stages{stages=2}' --split-input-file | FileCheck %s
// RUN: %opt %s -p 'choose-stages{stages=2 devices=1,3}' --split-input-file | FileCheck %s --check-prefix=SIZES

// Four equal layers: two and two. What is light and what belongs to no layer is left to 'place'.
// CHECK-LABEL: module @equal_layers attributes {mw.num_stages = 2 : i64}
// On one device and three: one layer and three.
// SIZES-LABEL: module @equal_layers attributes {mw.num_stages = 2 : i64}
// SIZES:         stablehlo.dot_general {{.*}} mw.stage = 0 : i64
// SIZES-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
// SIZES-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
// SIZES-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
module @equal_layers {
  func.func @main(%w: tensor<64x64xf32>, %x: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<8x64xf32>, tensor<64x64xf32>) {
    // CHECK:         stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %1 = stablehlo.dot_general %0, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %2 = stablehlo.dot_general %1, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %3 = stablehlo.dot_general %2, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.negate {{.*}} {mw.batch_dim = array<i64: 0>, mw.phase = "backward"}
    %4 = stablehlo.negate %0 {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.negate {{.*}} {mw.phase = "update"}
    %5 = stablehlo.negate %w {mw.phase = "update"} : tensor<64x64xf32>
    return %3, %4, %5 : tensor<8x64xf32>, tensor<8x64xf32>, tensor<64x64xf32>
  }
}

// -----

// A heavy layer is worth three light ones.
// CHECK-LABEL: module @one_heavy_layer
module @one_heavy_layer {
  func.func @main(%w0: tensor<64x192xf32>, %w: tensor<64x64xf32>, %w1: tensor<192x64xf32>, %x: tensor<64x64xf32>) -> tensor<64x64xf32> {
    // CHECK:         stablehlo.dot_general {{.*}} mw.stage = 0 : i64} : {{.*}} -> tensor<64x192xf32>
    %0 = stablehlo.dot_general %x, %w0, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x192xf32>) -> tensor<64x192xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %1 = stablehlo.dot_general %0, %w1, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<64x192xf32>, tensor<192x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %2 = stablehlo.dot_general %1, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %3 = stablehlo.dot_general %2, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    return %3 : tensor<64x64xf32>
  }
}

// -----

// Between two cuts of much the same balance, the one where less travels: after the reduction, not before it.
// CHECK-LABEL: module @narrow_place
module @narrow_place {
  func.func @main(%w: tensor<512x512xf32>, %v: tensor<8x512xf32>, %x: tensor<512x512xf32>) -> tensor<512x512xf32> {
    // CHECK:         stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %1 = stablehlo.dot_general %0, %v, contracting_dims = [1] x [1] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<512x512xf32>, tensor<8x512xf32>) -> tensor<512x8xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %2 = stablehlo.dot_general %1, %v, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<512x8xf32>, tensor<8x512xf32>) -> tensor<512x512xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %3 = stablehlo.dot_general %2, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    return %3 : tensor<512x512xf32>
  }
}

// -----

// One op cannot be cut: fewer stages than asked for, and the number says so.
// CHECK-LABEL: module @one_op attributes {mw.num_stages = 1 : i64}
// CHECK:         stablehlo.tanh {{.*}} mw.stage = 0 : i64
module @one_op {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    %0 = stablehlo.tanh %x {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}

// -----

// A program without a batch is cut along its forward ops.
// CHECK-LABEL: module @no_batch attributes {mw.num_stages = 2 : i64}
// CHECK:         stablehlo.tanh {{.*}} mw.stage = 0 : i64
// CHECK-NEXT:    stablehlo.tanh {{.*}} mw.stage = 1 : i64
module @no_batch {
  func.func @main(%w: tensor<64x64xf32>) -> tensor<64x64xf32> {
    %0 = stablehlo.tanh %w {mw.phase = "forward"} : tensor<64x64xf32>
    %1 = stablehlo.tanh %0 {mw.phase = "forward"} : tensor<64x64xf32>
    return %1 : tensor<64x64xf32>
  }
}

// -----

// CHECK-LABEL: module @no_forward attributes {mw.num_stages = 1 : i64}
// CHECK-NOT:     mw.stage
module @no_forward {
  func.func @main(%w: tensor<8xf32>) -> tensor<8xf32> {
    %0 = stablehlo.tanh %w {mw.phase = "update"} : tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}

// -----

// A loop is one op, however much it does.
// CHECK-LABEL: module @loop_is_not_cut attributes {mw.num_stages = 2 : i64}
// CHECK:         stablehlo.while
// CHECK-SAME:      mw.stage = 0 : i64
// CHECK:         stablehlo.dot_general {{.*}} mw.stage = 1 : i64
module @loop_is_not_cut {
  func.func @main(%w: tensor<64x64xf32>, %x: tensor<8x64xf32>) -> tensor<8x64xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %0:2 = stablehlo.while(%t = %zero, %s = %x) : tensor<i32>, tensor<8x64xf32> attributes {mw.phase = "forward", mw.batch_dim = array<i64: -1, 0>}
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %s1 = stablehlo.dot_general %s, %w, contracting_dims = [1] x [0] : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
      %t1 = stablehlo.add %t, %one : tensor<i32>
      stablehlo.return %t1, %s1 : tensor<i32>, tensor<8x64xf32>
    }
    %1 = stablehlo.dot_general %0#1, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    return %1 : tensor<8x64xf32>
  }
}

// -----

// The first two layers are frozen. A layer that learns weighs three times one that does not, so it is three and one, and each backward
// product has its layer's stage: the one that reads the same weight, or the same values.
// CHECK-LABEL: module @backward_goes_along
module @backward_goes_along attributes {mw.microbatches = 4 : i64} {
  func.func @main(%w0: tensor<64x64xf32>, %w1: tensor<64x64xf32>, %w2: tensor<64x64xf32>, %w3: tensor<64x64xf32>, %x: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>) {
    // CHECK:         stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %0 = stablehlo.dot_general %x, %w0, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %1 = stablehlo.dot_general %0, %w1, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %2 = stablehlo.dot_general %1, %w2, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %3 = stablehlo.dot_general %2, %w3, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %g3 = stablehlo.dot_general %2, %3, contracting_dims = [0] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %d3 = stablehlo.dot_general %3, %w3, contracting_dims = [1] x [1] {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %g2 = stablehlo.dot_general %1, %d3, contracting_dims = [0] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %d2 = stablehlo.dot_general %d3, %w2, contracting_dims = [1] x [1] {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    return %3, %g3, %g2, %d2 : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
  }
}

// -----

// A checkpoint: what is computed a second time has the stage of the first, seen through the barrier that keeps them apart.
// CHECK-LABEL: module @second_time
module @second_time attributes {mw.microbatches = 4 : i64} {
  func.func @main(%w0: tensor<64x64xf32>, %w1: tensor<64x64xf32>, %x: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>) {
    // CHECK:         stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %0 = stablehlo.dot_general %x, %w0, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %1 = stablehlo.dot_general %0, %w1, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.optimization_barrier {mw.batch_dim = array<i64: 0, -1, 0>, mw.phase = "backward"}
    %b1:3 = stablehlo.optimization_barrier {mw.phase = "backward", mw.batch_dim = array<i64: 0, -1, 0>} %0, %w1, %1 : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %r1 = stablehlo.dot_general %b1#0, %b1#1, contracting_dims = [1] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %d1 = stablehlo.dot_general %r1, %b1#1, contracting_dims = [1] x [1] {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.optimization_barrier
    %b0:3 = stablehlo.optimization_barrier {mw.phase = "backward", mw.batch_dim = array<i64: 0, -1, 0>} %x, %w0, %d1 : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %r0 = stablehlo.dot_general %b0#0, %b0#1, contracting_dims = [1] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 0 : i64
    %g0 = stablehlo.dot_general %b0#0, %b0#2, contracting_dims = [0] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    return %1, %r1, %d1, %r0, %g0 : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
  }
}
