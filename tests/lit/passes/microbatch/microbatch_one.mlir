// RUN: %opt %s -p microbatch --split-input-file | FileCheck %s

// With one microbatch the program stays as it is: only the dim that the batch runs along is written.
// CHECK-LABEL: module @rows_and_their_sum attributes {mw.microbatches = 1 : i64}
// CHECK:       func.func @main(%[[X:[a-z0-9]+]]: tensor<8x4xf32> {mw.role = "batch"}) -> tensor<f32>
// CHECK:         %[[XT:.*]] = stablehlo.transpose %[[X]], dims = [1, 0] {mw.batch_dim = array<i64: 1>} : (tensor<8x4xf32>) -> tensor<4x8xf32>
// CHECK-NEXT:    %[[SUM:.*]] = stablehlo.reduce(%[[XT]] {{.*}} {mw.batch_dim = array<i64: -1>}
// CHECK-NEXT:    return %[[SUM]]
module @rows_and_their_sum {
  func.func @main(%x: tensor<8x4xf32> {mw.role = "batch"}) -> tensor<f32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %0 = stablehlo.transpose %x, dims = [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
    %1 = stablehlo.reduce(%0 init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<4x8xf32>, tensor<f32>) -> tensor<f32>
    return %1 : tensor<f32>
  }
}

// -----

// What couples the rows is no obstacle: one microbatch is the whole batch.
// CHECK-LABEL: module @batch_statistics
// CHECK:         stablehlo.reduce({{.*}} {mw.batch_dim = array<i64: -1>}
// CHECK:         stablehlo.subtract {{.*}} {mw.batch_dim = array<i64: 0>} : tensor<8xf32>
module @batch_statistics {
  func.func @main(%x: tensor<8xf32> {mw.role = "batch"}) -> tensor<8xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %sum = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
    %sums = stablehlo.broadcast_in_dim %sum, dims = [] : (tensor<f32>) -> tensor<8xf32>
    %0 = stablehlo.subtract %x, %sums : tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}

// -----

// CHECK-LABEL: module @no_batch attributes {mw.microbatches = 1 : i64}
// CHECK-NOT:     mw.batch_dim
// CHECK-NOT:     sdy.sharding_rule
module @no_batch {
  func.func @main(%w: tensor<8xf32> {mw.role = "parameter"}) -> tensor<8xf32> {
    %0 = stablehlo.negate %w : tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}

// -----

// 8 sequences become 4 groups of tokens: the batch runs along the groups, in fewer parts, and back along the sequences.
// CHECK-LABEL: module @routing_groups
// CHECK:         stablehlo.reshape {{.*}} {mw.batch_dim = array<i64: 0>} : (tensor<8x6x2xf32>) -> tensor<4x12x2xf32>
// CHECK-NEXT:    stablehlo.transpose {{.*}} {mw.batch_dim = array<i64: 1>}
// CHECK-NEXT:    stablehlo.transpose {{.*}} {mw.batch_dim = array<i64: 0>}
// CHECK-NEXT:    stablehlo.reshape {{.*}} {mw.batch_dim = array<i64: 0>} : (tensor<4x12x2xf32>) -> tensor<8x6x2xf32>
// CHECK-NEXT:    stablehlo.reshape {{.*}} {mw.batch_dim = array<i64: -1>} : (tensor<8x6x2xf32>) -> tensor<3x32xf32>
module @routing_groups {
  func.func @main(%x: tensor<8x6x2xf32> {mw.role = "batch"}) -> tensor<3x32xf32> {
    %0 = stablehlo.reshape %x : (tensor<8x6x2xf32>) -> tensor<4x12x2xf32>
    %1 = stablehlo.transpose %0, dims = [1, 0, 2] : (tensor<4x12x2xf32>) -> tensor<12x4x2xf32>
    %2 = stablehlo.transpose %1, dims = [1, 0, 2] : (tensor<12x4x2xf32>) -> tensor<4x12x2xf32>
    %3 = stablehlo.reshape %2 : (tensor<4x12x2xf32>) -> tensor<8x6x2xf32>
    %4 = stablehlo.reshape %3 : (tensor<8x6x2xf32>) -> tensor<3x32xf32>
    return %4 : tensor<3x32xf32>
  }
}
