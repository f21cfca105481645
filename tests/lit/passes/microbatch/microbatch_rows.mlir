// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file | FileCheck %s

// Rows that the step returns are collected along the dim that the batch runs along.
// CHECK-LABEL: module @per_example_outputs
// CHECK:         %[[ROWS:.*]] = stablehlo.tanh
// CHECK-NEXT:    %[[ALL_ROWS:.*]] = stablehlo.custom_call @mw.collect(%[[ROWS]]) {mw.dim = 0 : i64} : (tensor<4x4xf32>) -> tensor<16x4xf32>
// CHECK-NEXT:    %[[COLUMNS:.*]] = stablehlo.transpose %[[ROWS]],
// CHECK-NEXT:    %[[ALL_COLUMNS:.*]] = stablehlo.custom_call @mw.collect(%[[COLUMNS]]) {mw.dim = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x16xf32>
// CHECK-NEXT:    return %[[ALL_ROWS]], %[[ALL_COLUMNS]]
module @per_example_outputs {
  func.func @main(%x: tensor<16x4xf32> {mw.role = "batch"}) -> (tensor<16x4xf32>, tensor<4x16xf32>) {
    %0 = stablehlo.tanh %x : tensor<16x4xf32>
    %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<16x4xf32>) -> tensor<4x16xf32>
    return %0, %1 : tensor<16x4xf32>, tensor<4x16xf32>
  }
}

// -----

// Row numbers and a table of the whole batch's size: each microbatch takes its own rows of them.
// CHECK-LABEL: module @iota_and_argument_along_the_batch
module @iota_and_argument_along_the_batch {
  // CHECK:       func.func @main(%[[NOISE:.*]]: tensor<16x4xf32>, %[[X:.*]]: tensor<4x4xf32> {{.*}}, %[[INDEX:.*]]: tensor<i32>
  // CHECK-NEXT:    %[[BLOCKS:.*]] = stablehlo.reshape %[[NOISE]] : (tensor<16x4xf32>) -> tensor<1x4x4x4xf32>
  // CHECK:         %[[BLOCK:.*]] = stablehlo.dynamic_slice %[[BLOCKS]], %{{.*}}, %[[INDEX]], %{{.*}}, %{{.*}}, sizes = [1, 1, 4, 4]
  // CHECK-NEXT:    %[[MY_NOISE:.*]] = stablehlo.reshape %[[BLOCK]] : (tensor<1x1x4x4xf32>) -> tensor<4x4xf32>
  func.func @main(%noise: tensor<16x4xf32>, %x: tensor<16x4xf32> {mw.role = "batch"}) -> tensor<4xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    // CHECK:         stablehlo.iota dim = 0 : tensor<16x4xf32>
    // CHECK:         %[[MY_ROWS:.*]] = stablehlo.reshape {{.*}} -> tensor<4x4xf32>
    %rows = stablehlo.iota dim = 0 : tensor<16x4xf32>
    // CHECK:         %[[MY_COLS:.*]] = stablehlo.iota dim = 1 : tensor<4x4xf32>
    %cols = stablehlo.iota dim = 1 : tensor<16x4xf32>
    // CHECK-NEXT:    %[[A:.*]] = stablehlo.add %[[X]], %[[MY_NOISE]]
    %0 = stablehlo.add %x, %noise : tensor<16x4xf32>
    // CHECK-NEXT:    %[[B:.*]] = stablehlo.add %[[A]], %[[MY_ROWS]]
    %1 = stablehlo.add %0, %rows : tensor<16x4xf32>
    // CHECK-NEXT:    stablehlo.add %[[B]], %[[MY_COLS]]
    %2 = stablehlo.add %1, %cols : tensor<16x4xf32>
    %3 = stablehlo.reduce(%2 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<16x4xf32>, tensor<f32>) -> tensor<4xf32>
    return %3 : tensor<4xf32>
  }
}

// -----

// CHECK-LABEL: module @slice_beside_the_batch
// CHECK:         stablehlo.slice %{{.*}} [0:4, 1:6:3] {mw.batch_dim = array<i64: 0>} : (tensor<4x6xf32>) -> tensor<4x2xf32>
module @slice_beside_the_batch {
  func.func @main(%x: tensor<16x6xf32> {mw.role = "batch"}) -> tensor<16x2xf32> {
    %0 = stablehlo.slice %x [0:16, 1:6:3] : (tensor<16x6xf32>) -> tensor<16x2xf32>
    return %0 : tensor<16x2xf32>
  }
}

// -----

// Batch and time merged in one dim, as before a matmul, and taken apart again.
// CHECK-LABEL: module @merged_and_split_dims
// CHECK:         stablehlo.reshape %{{.*}} {mw.batch_dim = array<i64: 0>} : (tensor<4x3x4xf32>) -> tensor<12x4xf32>
// CHECK:         stablehlo.reshape %{{.*}} {mw.batch_dim = array<i64: 0>} : (tensor<12x4xf32>) -> tensor<4x3x4xf32>
// CHECK-NEXT:    stablehlo.custom_call @mw.collect(%{{.*}}) {mw.dim = 0 : i64}
module @merged_and_split_dims {
  func.func @main(%w: tensor<4x4xf32>, %x: tensor<16x3x4xf32> {mw.role = "batch"}) -> tensor<16x3x4xf32> {
    %0 = stablehlo.reshape %x : (tensor<16x3x4xf32>) -> tensor<48x4xf32>
    %1 = stablehlo.dot_general %0, %w, contracting_dims = [1] x [0] : (tensor<48x4xf32>, tensor<4x4xf32>) -> tensor<48x4xf32>
    %2 = stablehlo.reshape %1 : (tensor<48x4xf32>) -> tensor<16x3x4xf32>
    return %2 : tensor<16x3x4xf32>
  }
}

// -----

// Batch not major in the merged dim: the rows of a microbatch lie apart, so no attribute says where the batch runs.
// CHECK-LABEL: module @merged_with_a_major_dim
// CHECK:         %[[ROWS:.*]] = stablehlo.reshape %{{.*}} {mw.batch_dim = array<i64: -1>} : (tensor<3x4xf32>) -> tensor<12xf32>
// CHECK-NEXT:    %[[PART:.*]] = stablehlo.reduce(%[[ROWS]]
// CHECK-NEXT:    stablehlo.custom_call @mw.accumulate(%[[PART]])
module @merged_with_a_major_dim {
  func.func @main(%x: tensor<16x3xf32> {mw.role = "batch"}) -> tensor<f32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %0 = stablehlo.transpose %x, dims = [1, 0] : (tensor<16x3xf32>) -> tensor<3x16xf32>
    %1 = stablehlo.reshape %0 : (tensor<3x16xf32>) -> tensor<48xf32>
    %2 = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<48xf32>, tensor<f32>) -> tensor<f32>
    return %2 : tensor<f32>
  }
}

// -----

// A number spread over the whole batch, as a loss's gradient begins: each microbatch spreads its own, also where an elementwise op
// stands between and where rows of a table are spread. Nothing of the whole batch's size stays.
// CHECK-LABEL: module @spread_twice
// CHECK-NOT:     tensor<8x4x6xf32>
// CHECK:         %[[BLOCK:.*]] = stablehlo.dynamic_slice %{{.*}}, sizes = [1, 1, 2, 4]
// CHECK-NEXT:    %[[MY_TABLE:.*]] = stablehlo.reshape %[[BLOCK]] : (tensor<1x1x2x4xf32>) -> tensor<2x4xf32>
// CHECK:         %[[A:.*]] = stablehlo.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<2x4xf32>
// CHECK-NEXT:    %[[NEGATIVE:.*]] = stablehlo.negate %[[A]] : tensor<2x4xf32>
// CHECK-NEXT:    %[[B:.*]] = stablehlo.broadcast_in_dim %[[NEGATIVE]], dims = [0, 1] : (tensor<2x4xf32>) -> tensor<2x4x6xf32>
// CHECK-NEXT:    %[[C:.*]] = stablehlo.broadcast_in_dim %[[MY_TABLE]], dims = [0, 1] : (tensor<2x4xf32>) -> tensor<2x4x6xf32>
// CHECK-NOT:     tensor<8x4x6xf32>
module @spread_twice {
  func.func @main(%x: tensor<8x4x6xf32> {mw.role = "batch"}, %table: tensor<8x4xf32>) -> tensor<f32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %n = stablehlo.constant dense<3.0> : tensor<f32>
    %a = stablehlo.broadcast_in_dim %n, dims = [] : (tensor<f32>) -> tensor<8x4xf32>
    %negative = stablehlo.negate %a : tensor<8x4xf32>
    %b = stablehlo.broadcast_in_dim %negative, dims = [0, 1] : (tensor<8x4xf32>) -> tensor<8x4x6xf32>
    %c = stablehlo.broadcast_in_dim %table, dims = [0, 1] : (tensor<8x4xf32>) -> tensor<8x4x6xf32>
    %0 = stablehlo.multiply %x, %b : tensor<8x4x6xf32>
    %1 = stablehlo.multiply %0, %c : tensor<8x4x6xf32>
    %2 = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<8x4x6xf32>, tensor<f32>) -> tensor<f32>
    return %2 : tensor<f32>
  }
}

// -----

// A spread value that the step returns too stays whole for that reader; an elementwise op on a table is computed once and cut.
// CHECK-LABEL: module @spread_and_returned
// CHECK:         %[[WHOLE:.*]] = stablehlo.broadcast_in_dim %{{.*}}, dims = [1] : (tensor<4xf32>) -> tensor<8x4xf32>
// CHECK:         %[[MINE:.*]] = stablehlo.broadcast_in_dim %{{.*}}, dims = [1] : (tensor<4xf32>) -> tensor<2x4xf32>
// CHECK:         stablehlo.negate %{{.*}} : tensor<8x4xf32>
// CHECK:         stablehlo.add %{{.*}}, %[[MINE]]
// CHECK:         return %{{.*}}, %[[WHOLE]]
module @spread_and_returned {
  func.func @main(%x: tensor<8x4xf32> {mw.role = "batch"}, %bias: tensor<4xf32>, %table: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
    %b = stablehlo.broadcast_in_dim %bias, dims = [1] : (tensor<4xf32>) -> tensor<8x4xf32>
    %sign = stablehlo.negate %table : tensor<8x4xf32>
    %0 = stablehlo.add %x, %b : tensor<8x4xf32>
    %1 = stablehlo.multiply %0, %sign : tensor<8x4xf32>
    return %1, %b : tensor<8x4xf32>, tensor<8x4xf32>
  }
}
