// RUN: %opt %s -p 'open-accumulation{microbatches=4}' --split-input-file | FileCheck %s
// RUN: %opt %s -p 'open-accumulation{microbatches=4},microbatch{microbatches=4}' --split-input-file | FileCheck %s --check-prefix=MICRO

// The body stands in @main, and says what is the iteration's own.
// CHECK-LABEL: module @sums_rows
// CHECK-NOT:     stablehlo.while
// CHECK:         %[[NUMBER:.*]] = stablehlo.custom_call @mw.number()
// CHECK:         %[[PART:.*]] = stablehlo.dynamic_slice %{{.*}}, %[[NUMBER]], %{{.*}}, sizes = [1, 8]
// CHECK:         %[[ROW:.*]] = stablehlo.dynamic_slice %[[PART]]
// CHECK:         %[[Y:.*]] = stablehlo.dot_general %[[ROW]]
// CHECK:         %[[SUM:.*]] = stablehlo.custom_call @mw.fold(%[[Y]]) {mw.kind = "sum"}
// CHECK:         %[[ALL:.*]] = stablehlo.add %{{.*}}, %[[SUM]]
// CHECK:         return %[[ALL]]
// MICRO-LABEL: module @sums_rows
// MICRO:         func.func @main(%{{.*}}, %{{.*}}: tensor<1x8xf32> {{.*}}, %[[M:.*]]: tensor<i32> {{.*}}
// MICRO-NOT:     mw.number
// MICRO:         %[[Y:.*]] = stablehlo.dot_general
// MICRO-NOT:     mw.fold
// MICRO:         stablehlo.custom_call @mw.accumulate(%[[Y]]) {mw.kind = "sum"}
module @sums_rows {
  func.func @main(%w: tensor<8x8xf32>, %x: tensor<4x8xf32> {mw.role = "batch", mw.index = 1}) -> tensor<1x8xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %four = stablehlo.constant dense<4> : tensor<i32>
    %start = stablehlo.constant dense<0.0> : tensor<1x8xf32>
    %0:2 = stablehlo.while(%i = %zero, %sum = %start) : tensor<i32>, tensor<1x8xf32>
    cond {
      %p = stablehlo.compare LT, %i, %four : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %row = stablehlo.dynamic_slice %x, %i, %zero, sizes = [1, 8] : (tensor<4x8xf32>, tensor<i32>, tensor<i32>) -> tensor<1x8xf32>
      %y = stablehlo.dot_general %row, %w, contracting_dims = [1] x [0] : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
      %next = stablehlo.add %sum, %y : tensor<1x8xf32>
      %k = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %k, %next : tensor<i32>, tensor<1x8xf32>
    }
    return %0#1 : tensor<1x8xf32>
  }
}

// -----

// A buffer filled slice by slice, and a value that goes on from iteration to iteration by itself: that is a loop up to the number.
// CHECK-LABEL: module @stacks_and_goes_on
// CHECK:         %[[NUMBER:.*]] = stablehlo.custom_call @mw.number()
// CHECK:         %[[KEYS:.*]]:2 = stablehlo.while
// CHECK:           stablehlo.compare LT, %{{.*}}, %[[NUMBER]]
// CHECK:         %[[LAST:.*]]:2 = stablehlo.while
// CHECK:         stablehlo.custom_call @mw.stack(%{{.*}}) {mw.dim = 0 : i64} : (tensor<1x8xf32>) -> tensor<4x8xf32>
// CHECK:         return {{.*}}, %[[LAST]]#1
// MICRO-LABEL: module @stacks_and_goes_on
// MICRO:         stablehlo.custom_call @mw.collect(%{{.*}}) {mw.dim = 0 : i64} : (tensor<1x8xf32>) -> tensor<4x8xf32>
module @stacks_and_goes_on {
  func.func @main(%w: tensor<8x8xf32>, %x: tensor<4x8xf32> {mw.role = "batch", mw.index = 1}, %key: tensor<i32>) -> (tensor<1x8xf32>, tensor<4x8xf32>, tensor<i32>) {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %four = stablehlo.constant dense<4> : tensor<i32>
    %start = stablehlo.constant dense<0.0> : tensor<1x8xf32>
    %empty = stablehlo.constant dense<0.0> : tensor<4x8xf32>
    %0:4 = stablehlo.while(%i = %zero, %sum = %start, %rows = %empty, %now = %key) : tensor<i32>, tensor<1x8xf32>, tensor<4x8xf32>, tensor<i32>
    cond {
      %p = stablehlo.compare LT, %i, %four : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %row = stablehlo.dynamic_slice %x, %i, %zero, sizes = [1, 8] : (tensor<4x8xf32>, tensor<i32>, tensor<i32>) -> tensor<1x8xf32>
      %y = stablehlo.dot_general %row, %w, contracting_dims = [1] x [0] : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
      %f = stablehlo.convert %now : (tensor<i32>) -> tensor<f32>
      %b = stablehlo.broadcast_in_dim %f, dims = [] : (tensor<f32>) -> tensor<1x8xf32>
      %z = stablehlo.multiply %y, %b : tensor<1x8xf32>
      %next = stablehlo.add %sum, %z : tensor<1x8xf32>
      %filled = stablehlo.dynamic_update_slice %rows, %z, %i, %zero : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<i32>, tensor<i32>) -> tensor<4x8xf32>
      %split = stablehlo.multiply %now, %now : tensor<i32>
      %k = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %k, %next, %filled, %split : tensor<i32>, tensor<1x8xf32>, tensor<4x8xf32>, tensor<i32>
    }
    return %0#1, %0#2, %0#3 : tensor<1x8xf32>, tensor<4x8xf32>, tensor<i32>
  }
}

// -----

// A loop over layers carries what each iteration makes of the last: it stays.
// CHECK-LABEL: module @layers
// CHECK:         stablehlo.while
module @layers {
  func.func @main(%w: tensor<8x8xf32>, %x: tensor<4x8xf32> {mw.role = "batch", mw.index = 1}) -> tensor<4x8xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %four = stablehlo.constant dense<4> : tensor<i32>
    %0:2 = stablehlo.while(%i = %zero, %h = %x) : tensor<i32>, tensor<4x8xf32>
    cond {
      %p = stablehlo.compare LT, %i, %four : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %y = stablehlo.dot_general %h, %w, contracting_dims = [1] x [0] : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
      %next = stablehlo.add %h, %y : tensor<4x8xf32>
      %k = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %k, %next : tensor<i32>, tensor<4x8xf32>
    }
    return %0#1 : tensor<4x8xf32>
  }
}
