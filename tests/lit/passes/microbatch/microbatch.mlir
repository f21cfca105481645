// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file | FileCheck %s

// Forward, backward and update of two layers: three sums over the microbatches, and after them the program is as it was.
// CHECK-LABEL: module @mlp_sgd
module @mlp_sgd {
  // CHECK:       func.func @main
  // CHECK-SAME:    (%[[W1:.*]]: tensor<4x8xf32>, %[[W2:.*]]: tensor<8x2xf32>, %[[X:.*]]: tensor<4x4xf32> {mw.role = "batch"}, %[[Y:.*]]: tensor<4x2xf32> {mw.role = "batch"},
  // CHECK-SAME:    tensor<i32> {mw.name = "microbatch index", mw.role = "microbatch"})
  func.func @main(%w1: tensor<4x8xf32>, %w2: tensor<8x2xf32>, %x: tensor<16x4xf32> {mw.role = "batch"}, %y: tensor<16x2xf32> {mw.role = "batch"})
      -> (tensor<4x8xf32>, tensor<8x2xf32>, tensor<f32>) {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %rate1 = stablehlo.constant dense<0.1> : tensor<4x8xf32>
    %rate2 = stablehlo.constant dense<0.1> : tensor<8x2xf32>
    // CHECK:         %[[A:.*]] = stablehlo.dot_general %[[X]], %[[W1]], {{.*}} {mw.batch_dim = array<i64: 0>} : {{.*}} -> tensor<4x8xf32>
    %a = stablehlo.dot_general %x, %w1, contracting_dims = [1] x [0] : (tensor<16x4xf32>, tensor<4x8xf32>) -> tensor<16x8xf32>
    // CHECK-NEXT:    %[[H:.*]] = stablehlo.tanh %[[A]] {mw.batch_dim = array<i64: 0>} : tensor<4x8xf32>
    %h = stablehlo.tanh %a : tensor<16x8xf32>
    %p = stablehlo.dot_general %h, %w2, contracting_dims = [1] x [0] : (tensor<16x8xf32>, tensor<8x2xf32>) -> tensor<16x2xf32>
    %e = stablehlo.subtract %p, %y : tensor<16x2xf32>
    %sq = stablehlo.multiply %e, %e : tensor<16x2xf32>
    // CHECK:         %[[PART:.*]] = stablehlo.reduce({{.*}}) applies stablehlo.add across dimensions = [0, 1] {mw.batch_dim = array<i64: -1>}
    // CHECK-NEXT:    %[[LOSS:.*]] = stablehlo.custom_call @mw.accumulate(%[[PART]]) {mw.kind = "sum"} : (tensor<f32>) -> tensor<f32>
    %loss = stablehlo.reduce(%sq init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<16x2xf32>, tensor<f32>) -> tensor<f32>
    // CHECK-NEXT:    %[[DP:.*]] = stablehlo.add {{.*}} : tensor<4x2xf32>
    %dp = stablehlo.add %e, %e : tensor<16x2xf32>
    // CHECK-NEXT:    %[[PART2:.*]] = stablehlo.dot_general %[[H]], %[[DP]], contracting_dims = [0] x [0] {mw.batch_dim = array<i64: -1>}
    // CHECK-NEXT:    %[[DW2:.*]] = stablehlo.custom_call @mw.accumulate(%[[PART2]]) {mw.kind = "sum"} : (tensor<8x2xf32>) -> tensor<8x2xf32>
    %dw2 = stablehlo.dot_general %h, %dp, contracting_dims = [0] x [0] : (tensor<16x8xf32>, tensor<16x2xf32>) -> tensor<8x2xf32>
    %dh = stablehlo.dot_general %dp, %w2, contracting_dims = [1] x [1] : (tensor<16x2xf32>, tensor<8x2xf32>) -> tensor<16x8xf32>
    %hh = stablehlo.multiply %h, %h : tensor<16x8xf32>
    %dhh = stablehlo.multiply %dh, %hh : tensor<16x8xf32>
    %da = stablehlo.subtract %dh, %dhh : tensor<16x8xf32>
    // CHECK:         %[[PART1:.*]] = stablehlo.dot_general %[[X]],
    // CHECK-NEXT:    %[[DW1:.*]] = stablehlo.custom_call @mw.accumulate(%[[PART1]])
    %dw1 = stablehlo.dot_general %x, %da, contracting_dims = [0] x [0] : (tensor<16x4xf32>, tensor<16x8xf32>) -> tensor<4x8xf32>
    // CHECK-NEXT:    %[[U1:.*]] = stablehlo.multiply %[[DW1]], %{{.*}} : tensor<4x8xf32>
    %u1 = stablehlo.multiply %dw1, %rate1 : tensor<4x8xf32>
    // CHECK-NEXT:    %[[U2:.*]] = stablehlo.multiply %[[DW2]], %{{.*}} : tensor<8x2xf32>
    %u2 = stablehlo.multiply %dw2, %rate2 : tensor<8x2xf32>
    // CHECK-NEXT:    %[[N1:.*]] = stablehlo.subtract %[[W1]], %[[U1]] : tensor<4x8xf32>
    %n1 = stablehlo.subtract %w1, %u1 : tensor<4x8xf32>
    // CHECK-NEXT:    %[[N2:.*]] = stablehlo.subtract %[[W2]], %[[U2]] : tensor<8x2xf32>
    %n2 = stablehlo.subtract %w2, %u2 : tensor<8x2xf32>
    // CHECK-NEXT:    return %[[N1]], %[[N2]], %[[LOSS]]
    return %n1, %n2, %loss : tensor<4x8xf32>, tensor<8x2xf32>, tensor<f32>
  }
}

// -----

// One weight read as an embedding and as the output layer: its two gradients are summed apart, then added once.
// CHECK-LABEL: module @tied_weights
module @tied_weights {
  func.func @main(%w: tensor<10x4xf32>, %ids: tensor<16xi32> {mw.role = "batch"}) -> tensor<10x4xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<10x4xf32>
    %i = stablehlo.reshape %ids : (tensor<16xi32>) -> tensor<16x1xi32>
    // CHECK:         %[[H:.*]] = "stablehlo.gather"(%{{.*}}, %[[IDS:.*]]) {{.*}} -> tensor<4x4xf32>
    %h = "stablehlo.gather"(%w, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<10x4xf32>, tensor<16x1xi32>) -> tensor<16x4xf32>
    %logits = stablehlo.dot_general %h, %w, contracting_dims = [1] x [1] : (tensor<16x4xf32>, tensor<10x4xf32>) -> tensor<16x10xf32>
    %dh = stablehlo.dot_general %logits, %w, contracting_dims = [1] x [0] : (tensor<16x10xf32>, tensor<10x4xf32>) -> tensor<16x4xf32>
    // CHECK:         %[[OUT_PART:.*]] = stablehlo.dot_general %{{.*}}, %[[H]], contracting_dims = [0] x [0]
    // CHECK-NEXT:    %[[OUT:.*]] = stablehlo.custom_call @mw.accumulate(%[[OUT_PART]])
    %out = stablehlo.dot_general %logits, %h, contracting_dims = [0] x [0] : (tensor<16x10xf32>, tensor<16x4xf32>) -> tensor<10x4xf32>
    // CHECK-NEXT:    %[[IN_PART:.*]] = "stablehlo.scatter"(%{{.*}}, %[[IDS]], 
    %in = "stablehlo.scatter"(%zero, %i, %dh) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %s = stablehlo.add %a, %b : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) : (tensor<10x4xf32>, tensor<16x1xi32>, tensor<16x4xf32>) -> tensor<10x4xf32>
    // CHECK:         %[[IN:.*]] = stablehlo.custom_call @mw.accumulate(%[[IN_PART]])
    // CHECK-NEXT:    %[[DW:.*]] = stablehlo.add %[[IN]], %[[OUT]] : tensor<10x4xf32>
    %dw = stablehlo.add %in, %out : tensor<10x4xf32>
    // CHECK-NEXT:    return %[[DW]]
    return %dw : tensor<10x4xf32>
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

// -----

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

// -----

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

// CHECK-LABEL: module @slice_beside_the_batch
// CHECK:         stablehlo.slice %{{.*}} [0:4, 1:6:3] {mw.batch_dim = array<i64: 0>} : (tensor<4x6xf32>) -> tensor<4x2xf32>
module @slice_beside_the_batch {
  func.func @main(%x: tensor<16x6xf32> {mw.role = "batch"}) -> tensor<16x2xf32> {
    %0 = stablehlo.slice %x [0:16, 1:6:3] : (tensor<16x6xf32>) -> tensor<16x2xf32>
    return %0 : tensor<16x2xf32>
  }
}

// -----

// An op of the batch's size that does not see the batch keeps its size.
// CHECK-LABEL: module @update_is_left_alone
// CHECK:         stablehlo.negate %{{.*}} : tensor<16x4xf32>
module @update_is_left_alone {
  func.func @main(%w: tensor<16x4xf32>, %x: tensor<16x4xf32> {mw.role = "batch"}) -> tensor<16x4xf32> {
    %0 = stablehlo.negate %w : tensor<16x4xf32>
    return %0 : tensor<16x4xf32>
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
