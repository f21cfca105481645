// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file | FileCheck %s

// Both branches give rows of this microbatch.
// CHECK-LABEL: module @branch_on_state
// CHECK:         %[[ROWS:.*]] = "stablehlo.if"(%{{.*}}) ({
// CHECK-NEXT:      stablehlo.negate %{{.*}} : tensor<4xf32>
// CHECK:           %[[NONE:.*]] = stablehlo.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT:      stablehlo.return %[[NONE]]
// CHECK:         }) {mw.batch_dim = array<i64: 0>}
// CHECK-NEXT:    stablehlo.custom_call @mw.collect(%[[ROWS]])
module @branch_on_state {
  func.func @main(%flag: tensor<i1>, %x: tensor<16xf32> {mw.role = "batch"}) -> tensor<16xf32> {
    %0 = "stablehlo.if"(%flag) ({
      %1 = stablehlo.negate %x : tensor<16xf32>
      stablehlo.return %1 : tensor<16xf32>
    }, {
      %2 = stablehlo.constant dense<0.0> : tensor<16xf32>
      stablehlo.return %2 : tensor<16xf32>
    }) : (tensor<i1>) -> tensor<16xf32>
    return %0 : tensor<16xf32>
  }
}

// -----

// A branch chosen by a finished sum, as when a step is skipped because a gradient is not finite: it runs once, after all.
// CHECK-LABEL: module @branch_after_the_sums
// CHECK:         %[[PART:.*]] = stablehlo.reduce(
// CHECK-NEXT:    %[[OK:.*]] = stablehlo.custom_call @mw.accumulate(%[[PART]]) {mw.kind = "and"}
// CHECK-NEXT:    "stablehlo.if"(%[[OK]])
module @branch_after_the_sums {
  func.func @main(%w: tensor<4xf32>, %x: tensor<16x4xf32> {mw.role = "batch"}) -> tensor<4xf32> {
    %yes = stablehlo.constant dense<true> : tensor<i1>
    %finite = stablehlo.is_finite %x : (tensor<16x4xf32>) -> tensor<16x4xi1>
    %ok = stablehlo.reduce(%finite init: %yes) applies stablehlo.and across dimensions = [0, 1] : (tensor<16x4xi1>, tensor<i1>) -> tensor<i1>
    %0 = "stablehlo.if"(%ok) ({
      %1 = stablehlo.negate %w : tensor<4xf32>
      stablehlo.return %1 : tensor<4xf32>
    }, {
      stablehlo.return %w : tensor<4xf32>
    }) : (tensor<i1>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
