// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file | FileCheck %s

// Rows are collected one microbatch after the other, and put where the program has them once all are there.
// CHECK-LABEL: module @both_batches_returned_in_one
// CHECK:         %[[H:.*]] = stablehlo.dot_general {{.*}} -> tensor<32x4xf32>
// CHECK:         %[[ROWS:.*]] = stablehlo.custom_call @mw.collect(%[[H]]) {mw.dim = 0 : i64} : (tensor<32x4xf32>) -> tensor<128x4xf32>
// CHECK:         %[[BLOCKS:.*]] = stablehlo.reshape %[[ROWS]] : (tensor<128x4xf32>) -> tensor<4x2x16x4xf32>
// CHECK:         %[[TURNED:.*]] = stablehlo.transpose %[[BLOCKS]], dims = [1, 0, 2, 3] : (tensor<4x2x16x4xf32>) -> tensor<2x4x16x4xf32>
// CHECK:         %[[WHOLE:.*]] = stablehlo.reshape %[[TURNED]] : (tensor<2x4x16x4xf32>) -> tensor<128x4xf32>
// CHECK:         return %[[WHOLE]]
module @both_batches_returned_in_one {
  func.func @main(%w: tensor<4x4xf32>, %x: tensor<64x4xf32> {mw.role = "batch", mw.index = 1}, %y: tensor<64x4xf32> {mw.role = "batch", mw.index = 2}) -> tensor<128x4xf32> {
    %0 = stablehlo.concatenate %x, %y, dim = 0 : (tensor<64x4xf32>, tensor<64x4xf32>) -> tensor<128x4xf32>
    %1 = stablehlo.dot_general %0, %w, contracting_dims = [1] x [0] : (tensor<128x4xf32>, tensor<4x4xf32>) -> tensor<128x4xf32>
    return %1 : tensor<128x4xf32>
  }
}

// -----

// CHECK-LABEL: module @columns_flattened
// CHECK:         stablehlo.custom_call @mw.collect(%{{.*}}) {mw.dim = 0 : i64} : (tensor<64xf32>) -> tensor<256xf32>
// CHECK:         stablehlo.reshape %{{.*}} : (tensor<256xf32>) -> tensor<4x4x16xf32>
module @columns_flattened {
  func.func @main(%w: tensor<4x4xf32>, %x: tensor<64x4xf32> {mw.role = "batch", mw.index = 1}) -> tensor<256xf32> {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x4xf32>, tensor<4x4xf32>) -> tensor<64x4xf32>
    %0 = stablehlo.transpose %h, dims = [1, 0] : (tensor<64x4xf32>) -> tensor<4x64xf32>
    %1 = stablehlo.reshape %0 : (tensor<4x64xf32>) -> tensor<256xf32>
    return %1 : tensor<256xf32>
  }
}

// -----

// The rows of a time-major batch lie along dim 1.
// CHECK-LABEL: module @time_major
// CHECK:         func.func @main(%{{.*}}: tensor<7x4x3xf32> {{.*}}mw.rows = array<i64: 1, 1>
// CHECK:         stablehlo.custom_call @mw.collect(%{{.*}}) {mw.dim = 1 : i64} : (tensor<7x4x3xf32>) -> tensor<7x16x3xf32>
module @time_major {
  func.func @main(%x: tensor<7x16x3xf32> {mw.role = "batch", mw.rows = array<i64: 1, 1>}) -> tensor<7x16x3xf32> {
    %0 = stablehlo.tanh %x : tensor<7x16x3xf32>
    return %0 : tensor<7x16x3xf32>
  }
}
