// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file | FileCheck %s

// CHECK-LABEL: module @max_fold
// CHECK:         %[[PART:.*]] = stablehlo.reduce({{.*}}) applies stablehlo.maximum
// CHECK-NEXT:    stablehlo.custom_call @mw.accumulate(%[[PART]]) {mw.kind = "max"}
module @max_fold {
  func.func @main(%x: tensor<16xf32> {mw.role = "batch"}) -> tensor<f32> {
    %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %0 = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [0] : (tensor<16xf32>, tensor<f32>) -> tensor<f32>
    return %0 : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @or_fold
// CHECK:         %[[PART:.*]] = stablehlo.reduce({{.*}}) applies stablehlo.or
// CHECK-NEXT:    stablehlo.custom_call @mw.accumulate(%[[PART]]) {mw.kind = "or"} : (tensor<i1>) -> tensor<i1>
module @or_fold {
  func.func @main(%x: tensor<16xi1> {mw.role = "batch"}) -> tensor<i1> {
    %no = stablehlo.constant dense<false> : tensor<i1>
    %0 = stablehlo.reduce(%x init: %no) applies stablehlo.or across dimensions = [0] : (tensor<16xi1>, tensor<i1>) -> tensor<i1>
    return %0 : tensor<i1>
  }
}

// -----

// As inside one product, so between microbatches: a bf16 gradient is summed in f32 and rounded once.
// CHECK-LABEL: module @bf16_gradient
// CHECK:         %[[PART:.*]] = stablehlo.dot_general
// CHECK-NEXT:    %[[WIDE:.*]] = stablehlo.convert %[[PART]] : (tensor<4x2xbf16>) -> tensor<4x2xf32>
// CHECK-NEXT:    %[[SUM:.*]] = stablehlo.custom_call @mw.accumulate(%[[WIDE]]) {mw.kind = "sum"} : (tensor<4x2xf32>) -> tensor<4x2xf32>
// CHECK-NEXT:    stablehlo.convert %[[SUM]] : (tensor<4x2xf32>) -> tensor<4x2xbf16>
module @bf16_gradient {
  func.func @main(%x: tensor<16x4xbf16> {mw.role = "batch"}, %dy: tensor<16x2xbf16> {mw.role = "batch"}) -> tensor<4x2xbf16> {
    %0 = stablehlo.dot_general %x, %dy, contracting_dims = [0] x [0] : (tensor<16x4xbf16>, tensor<16x2xbf16>) -> tensor<4x2xbf16>
    return %0 : tensor<4x2xbf16>
  }
}

// -----

// The initial value of a reduction takes part in the sum once, not once a microbatch.
// CHECK-LABEL: module @sum_that_starts_from_an_argument
// CHECK:       func.func @main(%[[TOTAL:.*]]: tensor<f32>, %[[X:.*]]: tensor<4xf32> {{.*}}, %[[INDEX:.*]]: tensor<i32>
// CHECK:         %[[FIRST:.*]] = stablehlo.compare EQ, %[[INDEX]],
// CHECK-NEXT:    %[[START:.*]] = stablehlo.select %[[FIRST]], %[[TOTAL]],
// CHECK-NEXT:    stablehlo.reduce(%[[X]] init: %[[START]])
module @sum_that_starts_from_an_argument {
  func.func @main(%total: tensor<f32>, %x: tensor<16xf32> {mw.role = "batch"}) -> tensor<f32> {
    %0 = stablehlo.reduce(%x init: %total) applies stablehlo.add across dimensions = [0] : (tensor<16xf32>, tensor<f32>) -> tensor<f32>
    return %0 : tensor<f32>
  }
}

// -----

// Counts that a state starts from enter in the first microbatch only; the others start from zero.
// CHECK-LABEL: module @scatter_add_into_a_state
// CHECK:       func.func @main(%[[COUNTS:.*]]: tensor<10xf32>, %[[IDS:.*]]: tensor<4x1xi32> {{.*}}, %[[INDEX:.*]]: tensor<i32>
// CHECK-DAG:     %[[NONE:.*]] = stablehlo.constant dense<0.000000e+00> : tensor<10xf32>
// CHECK:         %[[FIRST:.*]] = stablehlo.compare EQ, %[[INDEX]],
// CHECK-NEXT:    %[[START:.*]] = stablehlo.select %[[FIRST]], %[[COUNTS]], %[[NONE]]
// CHECK:         %[[PART:.*]] = "stablehlo.scatter"(%[[START]], %[[IDS]], %{{.*}})
// CHECK:         %[[SUM:.*]] = stablehlo.custom_call @mw.accumulate(%[[PART]])
// CHECK-NEXT:    return %[[SUM]]
module @scatter_add_into_a_state {
  func.func @main(%counts: tensor<10xf32>, %ids: tensor<16x1xi32> {mw.role = "batch"}) -> tensor<10xf32> {
    %one = stablehlo.constant dense<1.0> : tensor<16xf32>
    %0 = "stablehlo.scatter"(%counts, %ids, %one) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %s = stablehlo.add %a, %b : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) : (tensor<10xf32>, tensor<16x1xi32>, tensor<16xf32>) -> tensor<10xf32>
    return %0 : tensor<10xf32>
  }
}
