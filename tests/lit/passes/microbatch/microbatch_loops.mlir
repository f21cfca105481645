// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file | FileCheck %s

// A recurrent layer: its gradient, a sum over time of products over the batch, is in the loop only this microbatch's part.
// CHECK-LABEL: module @loop_carrying_a_gradient
// CHECK:         %[[LOOP:.*]]:3 = stablehlo.while(%{{.*}}, %[[G:.*]] = %{{.*}}, %[[S:.*]] = %{{.*}}) : tensor<i32>, tensor<4x4xf32>, tensor<4x4xf32>
// CHECK-SAME:      {mw.batch_dim = array<i64: -1, -1, 0>}
// CHECK:         do {
// CHECK-NEXT:      %[[DG:.*]] = stablehlo.dot_general %[[S]], %[[S]],
// CHECK-NEXT:      stablehlo.add %[[G]], %[[DG]] : tensor<4x4xf32>
// CHECK:         stablehlo.custom_call @mw.accumulate(%[[LOOP]]#1) {mw.kind = "sum"} : (tensor<4x4xf32>) -> tensor<4x4xf32>
module @loop_carrying_a_gradient {
  func.func @main(%x: tensor<5x16x4xf32>, %h: tensor<16x4xf32> {mw.role = "batch"}) -> tensor<4x4xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %start = stablehlo.constant dense<0.0> : tensor<4x4xf32>
    %0:3 = stablehlo.while(%t = %zero, %g = %start, %s = %h) : tensor<i32>, tensor<4x4xf32>, tensor<16x4xf32>
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %dg = stablehlo.dot_general %s, %s, contracting_dims = [0] x [0] : (tensor<16x4xf32>, tensor<16x4xf32>) -> tensor<4x4xf32>
      %g1 = stablehlo.add %g, %dg : tensor<4x4xf32>
      %s1 = stablehlo.tanh %s : tensor<16x4xf32>
      %t1 = stablehlo.add %t, %one : tensor<i32>
      stablehlo.return %t1, %g1, %s1 : tensor<i32>, tensor<4x4xf32>, tensor<16x4xf32>
    }
    return %0#1 : tensor<4x4xf32>
  }
}

// -----

// Time-major: the scan slices one step off a transposed batch, which runs along dim 1; the carried start is made small.
// CHECK-LABEL: module @scan_over_time_major
// CHECK:         %[[XT:.*]] = stablehlo.transpose %{{.*}}, dims = [1, 0, 2] {mw.batch_dim = array<i64: 1>} : (tensor<4x5x4xf32>) -> tensor<5x4x4xf32>
// CHECK:         stablehlo.dynamic_slice %[[XT]], {{.*}}, sizes = [1, 4, 4]
// CHECK:         stablehlo.custom_call @mw.collect(%{{.*}}#1) {mw.dim = 0 : i64} : (tensor<4x4xf32>) -> tensor<16x4xf32>
module @scan_over_time_major {
  func.func @main(%x: tensor<16x5x4xf32> {mw.role = "batch"}) -> tensor<16x4xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %start = stablehlo.constant dense<0.0> : tensor<16x4xf32>
    %xt = stablehlo.transpose %x, dims = [1, 0, 2] : (tensor<16x5x4xf32>) -> tensor<5x16x4xf32>
    %0:2 = stablehlo.while(%t = %zero, %s = %start) : tensor<i32>, tensor<16x4xf32>
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %step = stablehlo.dynamic_slice %xt, %t, %zero, %zero, sizes = [1, 16, 4] : (tensor<5x16x4xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x16x4xf32>
      %row = stablehlo.reshape %step : (tensor<1x16x4xf32>) -> tensor<16x4xf32>
      %s1 = stablehlo.add %s, %row : tensor<16x4xf32>
      %t1 = stablehlo.add %t, %one : tensor<i32>
      stablehlo.return %t1, %s1 : tensor<i32>, tensor<16x4xf32>
    }
    return %0#1 : tensor<16x4xf32>
  }
}

// -----

// Ten values handed on from turn to turn: the split reaches the last of them after ten turns.
// CHECK-LABEL: module @delay_line
// CHECK:         stablehlo.while
// CHECK-SAME:      {mw.batch_dim = array<i64: -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>}
// CHECK:         stablehlo.custom_call @mw.collect(%{{.*}}#10) {mw.dim = 0 : i64} : (tensor<16xf32>) -> tensor<64xf32>
module @delay_line {
  func.func @main(%x: tensor<64xf32> {mw.role = "batch", mw.index = 0}) -> tensor<64xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %s = stablehlo.constant dense<0.0> : tensor<64xf32>
    %0:11 = stablehlo.while(%t = %zero, %a = %x, %b = %s, %c = %s, %d = %s, %e = %s, %f = %s, %g = %s, %h = %s, %i = %s, %j = %s)
        : tensor<i32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %t1 = stablehlo.add %t, %one : tensor<i32>
      stablehlo.return %t1, %a, %a, %b, %c, %d, %e, %f, %g, %h, %i
        : tensor<i32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>
    }
    return %0#10 : tensor<64xf32>
  }
}

// -----

// What a loop over rows counts besides is the same in each microbatch: the step takes it from the first.
// CHECK-LABEL: module @counter_of_a_loop_over_rows
// CHECK:       func.func @main(%{{.*}}, %[[INDEX:[a-z0-9]+]]: tensor<i32>
// CHECK:         %[[LOOP:.*]]:2 = stablehlo.while
// CHECK:         %[[ZERO:.*]] = stablehlo.constant dense<0> : tensor<i32>
// CHECK:         %[[FIRST:.*]] = stablehlo.compare EQ, %[[INDEX]],
// CHECK-NEXT:    %[[PART:.*]] = stablehlo.select %[[FIRST]], %[[LOOP]]#0, %[[ZERO]]
// CHECK-NEXT:    %[[T:.*]] = stablehlo.custom_call @mw.accumulate(%[[PART]]) {mw.kind = "sum"}
// CHECK:         return %[[T]],
module @counter_of_a_loop_over_rows {
  func.func @main(%x: tensor<16xf32> {mw.role = "batch"}) -> (tensor<i32>, tensor<16xf32>) {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %0:2 = stablehlo.while(%t = %zero, %s = %x) : tensor<i32>, tensor<16xf32>
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %s1 = stablehlo.tanh %s : tensor<16xf32>
      %t1 = stablehlo.add %t, %one : tensor<i32>
      stablehlo.return %t1, %s1 : tensor<i32>, tensor<16xf32>
    }
    return %0#0, %0#1 : tensor<i32>, tensor<16xf32>
  }
}
