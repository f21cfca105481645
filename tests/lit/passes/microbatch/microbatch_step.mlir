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

// An op of the batch's size that does not see the batch keeps its size.
// CHECK-LABEL: module @update_is_left_alone
// CHECK:         stablehlo.negate %{{.*}} : tensor<16x4xf32>
module @update_is_left_alone {
  func.func @main(%w: tensor<16x4xf32>, %x: tensor<16x4xf32> {mw.role = "batch"}) -> tensor<16x4xf32> {
    %0 = stablehlo.negate %w : tensor<16x4xf32>
    return %0 : tensor<16x4xf32>
  }
}
