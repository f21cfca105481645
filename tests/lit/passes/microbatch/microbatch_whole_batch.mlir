// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file | FileCheck %s

// The mean over valid tokens: their number is counted on a whole copy of the mask, and each microbatch divides by it.
// CHECK-LABEL: module @masked_mean
// CHECK:       func.func @main(%{{.*}}, %[[X:.*]]: tensor<4x4xf32> {{.*}}, %[[MASK:.*]]: tensor<4xf32> {mw.index = 2 : i64, mw.role = "batch"},
// CHECK-SAME:    %[[ALL:.*]]: tensor<16xf32> {mw.index = 2 : i64, mw.role = "batch", mw.whole},
// CHECK:         %[[N:.*]] = stablehlo.reduce(%[[ALL]] init: %{{.*}}) applies stablehlo.add across dimensions = [0] :
// CHECK:         %[[NS:.*]] = stablehlo.broadcast_in_dim %[[N]], dims = [] : (tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT:    %[[SHARE:.*]] = stablehlo.divide %[[MASK]], %[[NS]] {mw.batch_dim = array<i64: 0>}
// CHECK-NEXT:    %[[PART:.*]] = stablehlo.dot_general %[[SHARE]], %[[X]],
// CHECK-NEXT:    stablehlo.custom_call @mw.accumulate(%[[PART]])
module @masked_mean {
  func.func @main(%w: tensor<4xf32>, %x: tensor<16x4xf32> {mw.role = "batch", mw.index = 1}, %mask: tensor<16xf32> {mw.role = "batch", mw.index = 2}) -> tensor<4xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %n = stablehlo.reduce(%mask init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<16xf32>, tensor<f32>) -> tensor<f32>
    %ns = stablehlo.broadcast_in_dim %n, dims = [] : (tensor<f32>) -> tensor<16xf32>
    %share = stablehlo.divide %mask, %ns : tensor<16xf32>
    %dw = stablehlo.dot_general %share, %x, contracting_dims = [0] x [0] : (tensor<16xf32>, tensor<16x4xf32>) -> tensor<4xf32>
    return %dw : tensor<4xf32>
  }
}

// -----

// A mean whose denominator nothing but the update reads needs no copy: two sums, then one division.
// CHECK-LABEL: module @mean_divided_after_the_sums
// CHECK-NOT:   mw.whole
// CHECK:         %[[N:.*]] = stablehlo.custom_call @mw.accumulate
// CHECK:         %[[SUM:.*]] = stablehlo.custom_call @mw.accumulate
// CHECK-NEXT:    stablehlo.divide %[[SUM]], %[[N]] : tensor<f32>
module @mean_divided_after_the_sums {
  func.func @main(%x: tensor<16xf32> {mw.role = "batch", mw.index = 0}, %mask: tensor<16xf32> {mw.role = "batch", mw.index = 1}) -> tensor<f32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %n = stablehlo.reduce(%mask init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<16xf32>, tensor<f32>) -> tensor<f32>
    %kept = stablehlo.multiply %x, %mask : tensor<16xf32>
    %sum = stablehlo.reduce(%kept init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<16xf32>, tensor<f32>) -> tensor<f32>
    %mean = stablehlo.divide %sum, %n : tensor<f32>
    return %mean : tensor<f32>
  }
}

// -----

// A small x @ x.T is computed from a whole copy of the batch: nothing of it is left to a microbatch.
// CHECK-LABEL: module @contrastive_recomputed
// CHECK:       func.func @main(%{{.*}}: tensor<4x4xf32> {{.*}}, %[[ALL:.*]]: tensor<16x4xf32> {mw.index = 0 : i64, mw.role = "batch", mw.whole},
// CHECK:         %[[ALL_PAIRS:.*]] = stablehlo.dot_general %[[ALL]], %[[ALL]],
// CHECK-NEXT:    return %[[ALL_PAIRS]]
module @contrastive_recomputed {
  func.func @main(%x: tensor<16x4xf32> {mw.role = "batch", mw.index = 0}) -> tensor<16x16xf32> {
    %0 = stablehlo.dot_general %x, %x, contracting_dims = [1] x [1] : (tensor<16x4xf32>, tensor<16x4xf32>) -> tensor<16x16xf32>
    return %0 : tensor<16x16xf32>
  }
}
