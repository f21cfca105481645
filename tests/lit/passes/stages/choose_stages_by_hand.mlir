// RUN: %opt %s -p 'choose-stages{cuts=0,2}' --split-input-file | FileCheck %s

// Four equal layers, cut where the user says: one, two and one.
// CHECK-LABEL: module @by_hand attributes {mw.num_stages = 3 : i64}
module @by_hand {
  func.func @main(%w: tensor<64x64xf32>, %x: tensor<8x64xf32>) -> tensor<8x64xf32> {
    // CHECK:         stablehlo.dot_general {{.*}} mw.cut, mw.phase = "forward", mw.stage = 0 : i64
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} {mw.batch_dim = array<i64: 0>, mw.phase = "forward", mw.stage = 1 : i64
    %1 = stablehlo.dot_general %0, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.cut, mw.phase = "forward", mw.stage = 1 : i64
    %2 = stablehlo.dot_general %1, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} {mw.batch_dim = array<i64: 0>, mw.phase = "forward", mw.stage = 2 : i64
    %3 = stablehlo.dot_general %2, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    return %3 : tensor<8x64xf32>
  }
}

// -----

// A stage may have next to nothing to do; the heavy product of the backward goes with its forward, the update is left to 'place'.
// CHECK-LABEL: module @uneven attributes {mw.microbatches = 4 : i64, mw.num_stages = 3 : i64}
module @uneven attributes {mw.microbatches = 4 : i64} {
  func.func @main(%w: tensor<64x64xf32>, %x: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>) {
    // CHECK:         stablehlo.negate {{.*}} mw.cut, mw.phase = "forward", mw.stage = 0 : i64
    %0 = stablehlo.negate %x {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.stage = 1 : i64
    %1 = stablehlo.dot_general %0, %w, contracting_dims = [1] x [0] {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.tanh {{.*}} mw.cut, mw.phase = "forward", mw.stage = 1 : i64
    %2 = stablehlo.tanh %1 {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.negate {{.*}} mw.stage = 2 : i64
    %3 = stablehlo.negate %2 {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : tensor<8x64xf32>
    // CHECK-NEXT:    stablehlo.dot_general {{.*}} mw.phase = "backward", mw.stage = 1 : i64
    %g = stablehlo.dot_general %0, %1, contracting_dims = [0] x [0] {mw.phase = "backward", mw.batch_dim = array<i64: -1>} : (tensor<8x64xf32>, tensor<8x64xf32>) -> tensor<64x64xf32>
    // CHECK-NEXT:    stablehlo.subtract {{.*}} {mw.phase = "update"}
    %u = stablehlo.subtract %w, %g {mw.phase = "update"} : tensor<64x64xf32>
    return %3, %g, %u : tensor<8x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>
  }
}
