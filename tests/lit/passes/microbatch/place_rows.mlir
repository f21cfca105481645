// RUN: %opt %s -p 'place-rows' --split-input-file | FileCheck %s

// Time steps follow one another: the batch is the dim behind.
// CHECK-LABEL: module @time_major
// CHECK-SAME:    mw.batch_size = 8 : i64
// CHECK:         func.func @main(%{{.*}}: tensor<4x4xf32>, %{{.*}}: tensor<3x8x4xf32> {mw.index = 1 : i64, mw.role = "batch", mw.rows = array<i64: 1, 1>})
module @time_major {
  func.func @main(%w: tensor<4x4xf32>, %x: tensor<3x8x4xf32> {mw.role = "batch", mw.index = 1}) -> tensor<8x4xf32> {
    %0 = stablehlo.slice %x [0:1, 0:8, 0:4] : (tensor<3x8x4xf32>) -> tensor<1x8x4xf32>
    %1 = stablehlo.reshape %0 : (tensor<1x8x4xf32>) -> tensor<8x4xf32>
    %2 = stablehlo.dot_general %1, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
    %3 = stablehlo.slice %x [1:2, 0:8, 0:4] : (tensor<3x8x4xf32>) -> tensor<1x8x4xf32>
    %4 = stablehlo.reshape %3 : (tensor<1x8x4xf32>) -> tensor<8x4xf32>
    %5 = stablehlo.add %2, %4 : tensor<8x4xf32>
    %6 = stablehlo.tanh %5 : tensor<8x4xf32>
    return %6 : tensor<8x4xf32>
  }
}

// -----

// Flattened time-major: 3 blocks of the dim lie outside the batch.
// CHECK-LABEL: module @time_major_flattened
// CHECK:         tensor<24x4xf32> {mw.index = 1 : i64, mw.role = "batch", mw.rows = array<i64: 0, 3>}
module @time_major_flattened {
  func.func @main(%w: tensor<4x4xf32>, %x: tensor<24x4xf32> {mw.role = "batch", mw.index = 1}) -> tensor<8x4xf32> {
    %0 = stablehlo.reshape %x : (tensor<24x4xf32>) -> tensor<3x8x4xf32>
    %1 = stablehlo.slice %0 [1:2, 0:8, 0:4] : (tensor<3x8x4xf32>) -> tensor<1x8x4xf32>
    %2 = stablehlo.reshape %1 : (tensor<1x8x4xf32>) -> tensor<8x4xf32>
    %3 = stablehlo.dot_general %2, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
    %4 = stablehlo.tanh %3 : tensor<8x4xf32>
    return %4 : tensor<8x4xf32>
  }
}

// -----

// Rows along dim 0 stay, and say nothing.
// CHECK-LABEL: module @rows_first
// CHECK-NOT:     mw.rows
module @rows_first {
  func.func @main(%w: tensor<8x8xf32>, %x: tensor<8x8xf32> {mw.role = "batch", mw.index = 1}) -> tensor<8x8xf32> {
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
    %1 = stablehlo.tanh %0 : tensor<8x8xf32>
    return %1 : tensor<8x8xf32>
  }
}

// -----

// Nothing is changed where every row needs every other whichever way it is turned.
// CHECK-LABEL: module @coupled
// CHECK-NOT:     mw.rows
module @coupled {
  func.func @main(%x: tensor<8x8xf32> {mw.role = "batch", mw.index = 1}) -> tensor<8x8xf32> {
    %0 = stablehlo.dot_general %x, %x, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
    %1 = stablehlo.tanh %0 : tensor<8x8xf32>
    %2 = stablehlo.dot_general %1, %1, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
    return %2 : tensor<8x8xf32>
  }
}
