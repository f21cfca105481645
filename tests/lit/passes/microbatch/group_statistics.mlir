// RUN: %opt %s -p 'group-statistics{microbatches=2}' --split-input-file | FileCheck %s

// A mean over the rows that every row reads is taken over each half of them, and scaled to what a sum over all would be.
// CHECK-LABEL: module @centred
// CHECK:         %[[H:.*]] = stablehlo.dot_general
// CHECK:         %[[GROUPS:.*]] = stablehlo.reshape %[[H]] : (tensor<8x4xf32>) -> tensor<2x4x4xf32>
// CHECK:         %[[TURNED:.*]] = stablehlo.transpose %[[GROUPS]], dims = [0, 1, 2]
// CHECK:         %[[SUMS:.*]] = stablehlo.reduce(%[[TURNED]] init: %{{.*}}) applies stablehlo.add across dimensions = [1] : (tensor<2x4x4xf32>, tensor<f32>) -> tensor<2x4xf32>
// CHECK:         %[[SCALED:.*]] = stablehlo.multiply %[[SUMS]], %{{.*}} : tensor<2x4xf32>
// CHECK:         %[[MEANS:.*]] = stablehlo.divide %[[SCALED]], %{{.*}} : tensor<2x4xf32>
// CHECK:         %[[EACH:.*]] = stablehlo.broadcast_in_dim %[[MEANS]], dims = [0, 2] : (tensor<2x4xf32>) -> tensor<2x4x4xf32>
// CHECK:         %[[ROWS:.*]] = stablehlo.reshape %[[EACH]] : (tensor<2x4x4xf32>) -> tensor<8x4xf32>
// CHECK:         stablehlo.subtract %[[H]], %[[ROWS]]
module @centred {
  func.func @main(%w: tensor<4x4xf32>, %x: tensor<8x4xf32> {mw.role = "batch", mw.index = 1}) -> tensor<8x4xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %count = stablehlo.constant dense<8.0> : tensor<4xf32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
    %sum = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
    %mean = stablehlo.divide %sum, %count : tensor<4xf32>
    %all = stablehlo.broadcast_in_dim %mean, dims = [1] : (tensor<4xf32>) -> tensor<8x4xf32>
    %y = stablehlo.subtract %h, %all : tensor<8x4xf32>
    return %y : tensor<8x4xf32>
  }
}

// -----

// What is read once a step stays: a sum that is returned, a gradient.
// CHECK-LABEL: module @summed
// CHECK-NOT:     stablehlo.reshape
module @summed {
  func.func @main(%w: tensor<4x4xf32>, %x: tensor<8x4xf32> {mw.role = "batch", mw.index = 1}) -> tensor<4xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
    %sum = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
    return %sum : tensor<4xf32>
  }
}

// -----

// So does what is no statistic: each row with each other row.
// CHECK-LABEL: module @contrastive
// CHECK-NOT:     stablehlo.reshape
module @contrastive {
  func.func @main(%x: tensor<8x4xf32> {mw.role = "batch", mw.index = 0}) -> tensor<8x8xf32> {
    %h = stablehlo.tanh %x : tensor<8x4xf32>
    %0 = stablehlo.dot_general %h, %h, contracting_dims = [1] x [1] : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x8xf32>
    return %0 : tensor<8x8xf32>
  }
}
